import { type Statement, statement } from '../database/statement.ts'
import { entryColumns } from './manifest-statements.ts'

/**
 * The statements of exports and imports. An import holds the tables against all other writers, before it looks whether
 * they are empty. So no order of rows matters to it.
 */
export interface MoveStatements {
  readonly floor: Statement
  /** $1 id, $2 session, $3 holder of the last ref seen. Gives the next refs, in the order of ids. */
  readonly refs: Statement
  /** $1 last id seen. Gives the next contents without refs: claimed ones and tombstones. */
  readonly unreferenced: Statement
  readonly lockTables: Statement
  /** Whether anything was ever recorded. */
  readonly isUsed: Statement
  /** $1 the floor. */
  readonly setFloor: Statement
  /** Arrays: $1 ids, $2 generations, $3 times. Leaves out content that is there. */
  readonly addTombstones: Statement
  /** Arrays: $1 ids, $2 generations. */
  readonly addContents: Statement
  /**
   * Arrays: $1 ids, $2 sessions, $3 holders, $4 long holders, $5 generations, $6 lengths, $7 to $9 times of intent,
   * commit and release, $10 to $13 metadata. Leaves out refs that are there, and those to content that is not at their
   * generation.
   */
  readonly addRefs: Statement
}

/** Rows in a page of an export. */
const pageRows = 1000

const refColumns =
  'id, session_id, holder, long_holder, generation, byte_length, intent_at, committed_at, released_at, ' +
  'media_type, width, height, label'

export function moveStatements(schema: string): MoveStatements {
  const contents = `"${schema}".attachment_generations`
  const refs = `"${schema}".attachment_holds`
  const floor = `"${schema}".attachment_floor`
  return {
    floor: statement(`SELECT generation FROM ${floor} WHERE stripe = 0`),

    refs: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE (r.id, r.session_id, r.holder) > ($1, $2, $3)
      ORDER BY r.id, r.session_id, r.holder
      LIMIT ${pageRows}`),

    unreferenced: statement(`
      SELECT pg_catalog.encode(c.id, 'hex') AS id, c.generation,
        CASE WHEN c.claim IS NOT NULL THEN c.claimed_at END AS claimed_at, c.settled_at
      FROM ${contents} c
      WHERE c.id > $1 AND (c.claim IS NOT NULL OR c.settled_at IS NOT NULL)
      ORDER BY c.id
      LIMIT ${pageRows}`),

    // Those who record, commit or claim lock rows FOR SHARE or more; to read without a lock stays possible.
    lockTables: statement(`LOCK TABLE ${floor}, ${contents}, ${refs} IN EXCLUSIVE MODE`),

    isUsed: statement(`
      SELECT EXISTS (SELECT FROM ${contents}) OR EXISTS (SELECT FROM ${refs})
        OR EXISTS (SELECT FROM ${floor} WHERE generation > 0) AS used`),

    setFloor: statement(`UPDATE ${floor} SET generation = $1`),

    addTombstones: statement(`
      INSERT INTO ${contents} (id, generation, settled_at)
      SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[])
      ON CONFLICT (id) DO NOTHING`),

    addContents: statement(`
      INSERT INTO ${contents} (id, generation)
      SELECT * FROM unnest($1::bytea[], $2::bigint[])
      ON CONFLICT (id) DO NOTHING`),

    addRefs: statement(`
      INSERT INTO ${refs} (${refColumns})
      SELECT r.*
      FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
          $8::bigint[], $9::bigint[], $10::text[], $11::integer[], $12::integer[], $13::text[])
        AS r (${refColumns})
      CROSS JOIN LATERAL (
        SELECT FROM ${contents} c
        WHERE c.id = r.id AND c.generation = r.generation AND c.settled_at IS NULL
        OFFSET 0
      ) c
      ON CONFLICT (session_id, holder, id) DO NOTHING`),
  }
}
