import { AttachmentManifestRecordError, contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import type pg from 'pg'
import { expect } from 'vitest'
import { bytesOf, closing, idOf, intentOf, noGrace, text } from './server.ts'

/** Every call, on content that is there. Each can be made twice. */
export function everyCall(store: PostgresAttachmentStore, manifest: PostgresAttachmentManifest) {
  const [small, medium, large] = [bytesOf('a'), bytesOf('medium', 300_000), bytesOf('large', 5_000_000)]
  const everything = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 10 }
  const claim = { attachmentId: idOf('c'), generation: 0, token: 'none' }
  const calls: Record<string, () => Promise<unknown>> = {
    'put of a row': () => store.put(small, text),
    'put of chunks': () => store.put(medium, text),
    'put of a copy': () => store.put(large, text),
    'put through a session': () =>
      new SessionScopedAttachmentStore(store, manifest, 'other').put(small, text).catch(error => {
        // The intent may have come through, and then not the bytes.
        throw AttachmentManifestRecordError.isInstance(error) ? error.cause : error
      }),
    'get of a row': () => store.get(idOf('a')),
    'get of chunks': () => store.get(contentId(medium)),
    stream: async () => (await store.stream(contentId(large))).body.cancel(),
    stat: () => store.stat(idOf('a')),
    list: () => store.list().next(),
    recordIntent: () => manifest.recordIntent(intentOf('a', 'session')),
    commitRefs: () => manifest.commitRefs('session', [idOf('a')]),
    lookup: () => manifest.lookup('session', idOf('a')),
    listRefs: () => manifest.listRefs('session').next(),
    listUncommitted: () => manifest.listUncommitted(Number.MAX_SAFE_INTEGER).next(),
    'release of one': () => manifest.releaseRefs('session', [idOf('a')]),
    'release of all': () => manifest.releaseRefs('session'),
    claimOrphans: () => manifest.claimOrphans(everything),
    claimBlobs: () => manifest.claimBlobs([{ id: idOf('b'), generation: 0 }]),
    settleClaims: () => manifest.settleClaims([claim]),
    forget: () => manifest.forget(idOf('b')),
    delete: () => store.delete(idOf('a')),
  }
  return Object.entries(calls)
}

/** Text that some encodings cannot write. */
export const label = 'Übergröße \u65e5\u672c \u{1f600}'

/** Puts, commits, reads, audits, sweeps and deletes content on connections of the pool. */
export async function wholeLife(pool: pg.Pool, schema: string): Promise<void> {
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const names = Array.from({ length: 40 }, (_, index) => `of ${index}`)
  await Promise.all(names.map((name, index) => session.put(bytesOf(name, index * 4000), { ...text, label })))
  const client = await pool.connect()
  await client.query('BEGIN')
  const ids = [...session.pendingManifestCommitIds()]
  await session.commit({ client } as never)
  await client.query('COMMIT')
  client.release()
  session.markManifestCommitted(ids)
  expect(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 100 })).toEqual([])
  const listed = await Array.fromAsync(store.list())
  expect(listed).toHaveLength(names.length)
  expect(await manifest.claimBlobs(listed)).toEqual([])
  const read = await Promise.all(ids.map(id => session.get(id)))
  for (const { meta } of read) expect(meta.label).toBe(label)
  expect(await Array.fromAsync(manifest.listRefs('session'))).toHaveLength(names.length)
  await session.release()
  const claims = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 100 })
  expect(claims).toHaveLength(names.length)
  await Promise.all(claims.map(({ attachmentId: id, generation }) => store.delete(id, { generation })))
  await manifest.settleClaims(claims)
  expect(await Array.fromAsync(store.list())).toEqual([])
}
