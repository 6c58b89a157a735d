import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, poolOf, text } from '../server.ts'

/*
 * The cost of a call must not grow with the tables, whatever their statistics: never analyzed, or analyzed before they
 * grew. The server counts the rows that it reads, so nothing here depends on the speed of the machine.
 */

/** Committed refs and blobs that no call should read. */
const tableRows = 20_000
/** Contents that each call is about, and how many rows it may read for each. */
const count = 100
const rowsForEach = 10

/** Refs of one session, by so many holders, and holders of one content in a session. */
const crowd = 5000
const holders = 50

const tables = ['generations', 'holds', 'floor', 'blobs', 'chunks'].map(name => `attachment_${name}`)

async function setUp(grown: 'never analyzed' | 'analyzed before they grew') {
  const { schema, url } = await freshSchema()
  // One connection, so that it counts its own rows.
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  await manifest.lookup('nobody', idOf('nothing'))
  for (const table of tables) await pool.query(`ALTER TABLE ${schema}.${table} SET (autovacuum_enabled = false)`)
  if (grown === 'analyzed before they grew') {
    await fill(pool, schema, 0, 100)
    for (const table of tables) await pool.query(`ANALYZE ${schema}.${table}`)
    await fill(pool, schema, 100, tableRows)
  } else {
    await fill(pool, schema, 0, tableRows)
  }
  const { rows } = await pool.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::integer AS version`,
  )
  return { schema, pool, store, manifest, tellsAtOnce: (rows[0]?.version ?? 0) >= 150_000 }
}

/** Committed content `row 0`, `row 1` and so on, a hundred to a session. */
async function fill(pool: pg.Pool, schema: string, from: number, to: number): Promise<void> {
  const numbers = `generate_series(${from}, ${to - 1}) AS number`
  const rows = `(SELECT number, convert_to('row ' || number, 'UTF8') AS bytes FROM ${numbers}) AS row`
  await pool.query(`INSERT INTO ${schema}.attachment_generations (id) SELECT sha256(bytes) FROM ${rows}`)
  await pool.query(
    `INSERT INTO ${schema}.attachment_holds (id, session_id, generation, intent_at, committed_at, media_type)
     SELECT sha256(bytes), 'session ' || number / 100, 0, 1, 2, 'text/plain' FROM ${rows}`,
  )
  await pool.query(
    `INSERT INTO ${schema}.attachment_blobs (id, generation, byte_length, media_type, bytes)
     SELECT sha256(bytes), 0, length(bytes), 'text/plain', bytes FROM ${rows}`,
  )
}

/** A session of many holders, who hold the rows in turn, and one in which all of them hold the first row. */
async function fillCrowd(pool: pg.Pool, schema: string): Promise<void> {
  await pool.query(
    `INSERT INTO ${schema}.attachment_holds (id, session_id, holder, generation, intent_at, committed_at)
     SELECT sha256(convert_to('row ' || number, 'UTF8')), 'crowd', 'holder ' || number % ${holders}, 0, 1, 2
     FROM generate_series(0, ${crowd - 1}) AS number`,
  )
  await pool.query(
    `INSERT INTO ${schema}.attachment_holds (id, session_id, holder, generation, intent_at, committed_at)
     SELECT sha256('row 0'), 'all of one', 'holder ' || number, 0, number, number
     FROM generate_series(0, ${crowd - 1}) AS number`,
  )
}

/** Rows and index entries that the statements of the connection have read in the tables. */
async function rowsRead(pool: pg.Pool, schema: string): Promise<number> {
  await pool.query('SELECT pg_stat_force_next_flush()')
  const { rows } = await pool.query<{ read: string }>(
    `SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = $1)
          + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = $1) AS read`,
    [schema],
  )
  return Number(rows[0]?.read)
}

/** Counts what each call reads. */
function meter(pool: pg.Pool, schema: string) {
  const costs: Record<string, number> = {}
  const measured = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    const before = await rowsRead(pool, schema)
    const result = await call()
    costs[name] = (await rowsRead(pool, schema)) - before
    return result
  }
  return { costs, measured }
}

function expectCheap(costs: Record<string, number>): void {
  for (const [name, cost] of Object.entries(costs)) expect(cost, name).toBeLessThanOrEqual(count * rowsForEach)
}

const rowIds = Array.from({ length: count }, (_, number) => idOf(`row ${number}`))

test.for(['never analyzed', 'analyzed before they grew'] as const)(
  'no call reads more rows than it is about, in tables %s',
  async (grown, { skip }) => {
    const { schema, pool, store, manifest, tellsAtOnce } = await setUp(grown)
    skip(!tellsAtOnce, 'servers before PostgreSQL 15 do not tell at once what they have read')
    const { costs, measured } = meter(pool, schema)
    const session = new SessionScopedAttachmentStore(store, manifest, 'session')
    const putAll = (kind: string): Promise<AttachmentRef[]> =>
      Promise.all(Array.from({ length: count }, (_, number) => session.put(bytesOf(`${kind} ${number}`), text)))
    const everything = { olderThanEpochMs: noGrace, limit: 1000 }

    expect(await measured('empty claim', () => manifest.claimOrphans(everything))).toEqual([])
    await measured('put', () => putAll('kept'))
    await measured('put again', () => putAll('kept'))
    await measured('commit', () => session.commit())
    await measured('get', () => Promise.all(rowIds.map(id => store.get(id))))
    await measured('lookup', () => Promise.all(rowIds.map(id => manifest.lookup('session 0', id))))
    await measured('stat', () => Promise.all(rowIds.map(id => store.stat(id))))

    await putAll('orphan')
    const listed: string[] = []
    await measured('listUncommitted', async () => {
      for await (const { attachmentId } of manifest.listUncommitted(noGrace)) listed.push(attachmentId)
    })
    expect(new Set(listed).size).toBe(count)
    const claims = await measured('claim', () => manifest.claimOrphans(everything))
    expect(claims).toHaveLength(count)
    const taken = { ...everything, staleClaimEpochMs: noGrace }
    const stale = await measured('claim of stale claims', () => manifest.claimOrphans(taken))
    expect(stale).toHaveLength(count)
    await measured('delete', () =>
      Promise.all(stale.map(({ attachmentId: id, generation }) => store.delete(id, { generation }))),
    )
    await measured('settle', () => manifest.settleClaims(stale))

    const live = rowIds.map(id => ({ id, generation: 0 }))
    expect(await measured('claimBlobs of live ones', () => manifest.claimBlobs(live))).toEqual([])
    const strays = rowIds.map((_, number) => ({ id: idOf(`stray ${number}`), generation: 0 }))
    await measured('claimBlobs in a dry run', () => manifest.claimBlobs(strays, { dryRun: true }))
    const strayClaims = await measured('claimBlobs of strays', () => manifest.claimBlobs(strays))
    expect(strayClaims).toHaveLength(count)
    await manifest.settleClaims(strayClaims)
    expect(await measured('claimBlobs of tombstones', () => manifest.claimBlobs(strays))).toHaveLength(count)

    const purging = closing(new PostgresAttachmentManifest({ pool, schema, tombstoneRetentionMs: 0 }))
    await purging.lookup('nobody', idOf('nothing'))
    await measured('purge', () => purging.settleClaims([]))
    await measured('settle with nothing to purge', () => purging.settleClaims([]))
    expect(await manifest.recordIntent(intentOf('never seen', 'session'))).toBe(1)

    await measured('release', () => manifest.releaseRefs('session 1', [idOf('row 100')]))
    await measured('release of all', () => manifest.releaseRefs('session 0'))
    const released = { ...everything, ids: rowIds, releasedOnly: true }
    expect(await measured('claim of what is released', () => manifest.claimOrphans(released))).toHaveLength(count)

    expectCheap(costs)
  },
)

test.for(['never analyzed', 'analyzed before they grew'] as const)(
  'no call reads the refs of other holders, in tables %s',
  async (grown, { skip }) => {
    const { schema, pool, manifest, tellsAtOnce } = await setUp(grown)
    skip(!tellsAtOnce, 'servers before PostgreSQL 15 do not tell at once what they have read')
    const { costs, measured } = meter(pool, schema)
    await fillCrowd(pool, schema)
    const crowded = (index: number) => ({ holder: `holder ${index % holders}` })
    await measured('lookup in a crowd', () => Promise.all(rowIds.map(id => manifest.lookup('crowd', id))))
    await measured('lookup of holders in a crowd', () =>
      Promise.all(rowIds.map((id, index) => manifest.lookup('crowd', id, crowded(index)))),
    )
    const ofMany = await measured('lookup of what many hold', () =>
      Promise.all(rowIds.map(() => manifest.lookup('all of one', idOf('row 0')))),
    )
    expect(ofMany[0]?.holder).toBe('holder 0')
    await measured('lookup of one of many', () =>
      Promise.all(
        rowIds.map((_, index) => manifest.lookup('all of one', idOf('row 0'), { holder: `holder ${index}` })),
      ),
    )
    await measured('commit of one of many', () =>
      manifest.commitRefs('all of one', [idOf('row 0')], { holder: 'holder 3' }),
    )
    await measured('commit in a crowd', () =>
      manifest.commitRefs('crowd', [idOf('row 0'), idOf(`row ${holders}`)], { holder: 'holder 0' }),
    )
    await measured('intent of one of many', () =>
      manifest.recordIntent({ ...intentOf('row 0', 'all of one', 'holder 4') }),
    )
    await measured('list of a holder', async () => {
      expect(await Array.fromAsync(manifest.listRefs('crowd', { holder: 'holder 7' }))).toHaveLength(crowd / holders)
    })
    await measured('release of a holder', () => manifest.releaseRefs('crowd', undefined, { holder: 'holder 7' }))
    await measured('release of one in a crowd', () => manifest.releaseRefs('crowd', [idOf('row 8')], crowded(8)))
    await measured('release for all holders in a crowd', () => manifest.releaseRefs('crowd', rowIds))
    await measured('release of one of many', () =>
      manifest.releaseRefs('all of one', [idOf('row 0')], { holder: 'holder 9' }),
    )

    expectCheap(costs)
  },
)
