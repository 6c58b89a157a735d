import type { AttachmentContentRecord, AttachmentManifestEntry } from '@lash/attachments-core'
import {
  type ImportBatch,
  type ImportedTombstone,
  type RecordPages,
  recordsOf,
  repeatedRecordError,
  usedManifestError,
} from '@lash/attachments-core/backend'
import type { QueryResultRow } from 'pg'
import { columnArray, metaColumnArrays } from '../database/batch-parameters.ts'
import type { Database, Session } from '../database/database.ts'
import { byteaOf, type Statement } from '../database/statement.ts'
import { holderColumns } from './holder-columns.ts'
import { type MoveStatements, moveStatements } from './move-statements.ts'
import { entryOfRow, type RefRow } from './ref-lookup.ts'

interface UnreferencedRow {
  id: string
  generation: string
  claimed_at: string | null
  settled_at: string | null
}

/** Everything that the tables know, page by page. */
export async function* exportPages(database: Database): RecordPages {
  const sql = moveStatements(database.schema)
  const [floor] = await pageOf<{ generation: string }>(database, sql.floor, [])
  yield [{ floor: Number(floor?.generation) }]
  for (let after = { id: '', session_id: '', holder: '' }; ; ) {
    const rows = await pageOf<RefRow>(database, sql.refs, [byteaOf(after.id), after.session_id, after.holder])
    const last = rows.at(-1)
    if (last === undefined) break
    yield recordsOf(rows.map(entryOfRow))
    after = last
  }
  for (let after = ''; ; ) {
    const rows = await pageOf<UnreferencedRow>(database, sql.unreferenced, [byteaOf(after)])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.map(recordOf)
    after = last.id
  }
}

/** In a transaction, which forces index lookups. */
function pageOf<Row extends QueryResultRow>(
  database: Database,
  sql: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  return database.transaction(undefined, async session => (await session.query<Row>(sql, values)).rows)
}

function recordOf({ id, generation, claimed_at, settled_at }: UnreferencedRow): AttachmentContentRecord {
  return {
    attachmentId: id,
    generation: Number(generation),
    ...(claimed_at === null ? {} : { claimedAtEpochMs: Number(claimed_at) }),
    ...(settled_at === null ? {} : { emptiedAtEpochMs: Number(settled_at) }),
    refs: [],
  }
}

/** Fills the empty tables in one transaction. Writers of other processes wait for its end. */
export function importBatches(database: Database, batches: AsyncIterable<ImportBatch>): Promise<void> {
  const sql = moveStatements(database.schema)
  return database.transaction(undefined, async session => {
    await session.query(sql.lockTables, [])
    const { rows } = await session.query<{ used: boolean }>(sql.isUsed, [])
    if (rows[0]?.used) throw usedManifestError('postgres')
    let floor = 0
    for await (const batch of batches) {
      floor = batch.floor
      await addTombstones(session, sql, batch.tombstones)
      await addRefs(session, sql, batch.refs)
    }
    await session.query(sql.setFloor, [floor])
  })
}

async function addTombstones(
  session: Session,
  sql: MoveStatements,
  tombstones: readonly ImportedTombstone[],
): Promise<void> {
  const { rowCount } = await session.query(sql.addTombstones, [
    tombstones.map(({ id }) => byteaOf(id)),
    tombstones.map(({ generation }) => generation),
    tombstones.map(({ emptiedAt }) => emptiedAt),
  ])
  if (rowCount < tombstones.length) throw repeatedRecordError()
}

async function addRefs(session: Session, sql: MoveStatements, refs: readonly AttachmentManifestEntry[]): Promise<void> {
  const ids = refs.map(({ attachmentId }) => byteaOf(attachmentId))
  const generations = refs.map(({ generation }) => generation)
  await session.query(sql.addContents, [ids, generations])
  const { rowCount } = await session.query(sql.addRefs, [ids, ...arraysOf(refs, generations)])
  if (rowCount < refs.length) throw repeatedRecordError()
}

function arraysOf(refs: readonly AttachmentManifestEntry[], generations: readonly number[]): unknown[] {
  const holders = refs.map(({ holder }) => holderColumns(holder))
  return [
    refs.map(({ sessionId }) => sessionId),
    holders.map(({ holder }) => holder),
    columnArray(holders.map(({ long_holder }) => long_holder)),
    generations,
    columnArray(refs.map(({ byteLength }) => byteLength)),
    refs.map(({ intentAtEpochMs }) => intentAtEpochMs),
    columnArray(refs.map(({ committedAtEpochMs }) => committedAtEpochMs)),
    columnArray(refs.map(({ releasedAtEpochMs }) => releasedAtEpochMs)),
    ...metaColumnArrays(refs.map(({ meta }) => meta)),
  ]
}
