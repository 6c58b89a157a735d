import { floorStripes } from '../database/schema.ts'
import { type Statement, statement } from '../database/statement.ts'

/**
 * The floor, and the purge that raises it. Content that has no row starts at the floor. So a purge, which deletes the
 * row of a content, first sees to it that nobody goes on with a floor that was read before:
 *
 * - A statement that may add a row locks a row of the floor FOR SHARE until its end, before it locks any content, and
 *   takes the floor from that lock. Each connection locks the stripe of its own number, so that it rarely shares one.
 * - A purge locks **all** stripes FOR UPDATE, and looks for tombstones in a **later statement**. By then whoever had
 *   the floor is done, and whoever wants it waits for the end of the purge and gets the new one.
 * - Who holds a content never waits for the floor, and a purge never waits for a content.
 */
export interface FloorStatements {
  /** How long the purge waits for each stripe. */
  readonly limitWait: Statement
  readonly lockFloor: Statement
  /**
   * $1 time until which tombstones are purged, $2 limit. Raises the floor to their generations, none of which was given
   * out. Gives how many they were.
   */
  readonly purge: Statement
}

/** Part of a statement: the floor, from a lock. Null when somebody has emptied the table; no row takes that. */
export function lockedFloor(schema: string): string {
  return `SELECT f.generation FROM "${schema}".attachment_floor f
          WHERE f.stripe = pg_catalog.pg_backend_pid() % ${floorStripes}
          FOR SHARE`
}

export function floorStatements(schema: string): FloorStatements {
  const contents = `"${schema}".attachment_generations`
  const floor = `"${schema}".attachment_floor`
  return {
    limitWait: statement(`SELECT pg_catalog.set_config('lock_timeout', '1s', true)`),

    lockFloor: statement(`SELECT FROM ${floor} ORDER BY stripe FOR UPDATE`),

    purge: statement(`
      WITH expired AS MATERIALIZED (
        SELECT id, generation FROM ${contents}
        WHERE settled_at <= $1
        ORDER BY settled_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
      ), purged AS (
        DELETE FROM ${contents} c USING expired WHERE c.id = expired.id
      ), raised AS (
        UPDATE ${floor} SET generation = (SELECT pg_catalog.max(generation) FROM expired)
        WHERE generation < (SELECT pg_catalog.max(generation) FROM expired)
      )
      SELECT pg_catalog.count(*) AS count FROM expired`),
  }
}
