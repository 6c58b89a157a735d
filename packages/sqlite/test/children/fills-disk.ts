/**
 * Puts until its small disk is full, removes everything, and puts again: `node fills-disk.ts <disk> <who> <bytes>
 * <way>`. Prints the outcome of each step. Who: `ours`, or a `guest` in a host's database with a rollback journal. Way:
 * `sweep` or `delete`.
 */
import { resolve } from 'node:path'
import { AttachmentStoreError, reclaimOrphanedAttachments, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { fillUp, say } from '@lash/attachments-testing/child'
import Database from 'better-sqlite3'

const [disk = '', who = '', size = '', way = ''] = process.argv.slice(2)
const path = resolve(disk, 'a.db')
const meta = { mediaType: 'image/png' }
const bodyOf = (seed: number): Uint8Array => Buffer.alloc(Number(size), `body ${seed} `)

const outcomeOf = async (call: () => Promise<unknown>): Promise<string> => {
  try {
    await call()
    return 'fine'
  } catch (error) {
    const isClear = AttachmentStoreError.isInstance(error) && error.message.includes(`no space left for ${path}`)
    return isClear ? 'no space left' : String(error)
  }
}

const host = who === 'guest' ? new Database(path) : undefined
const { store, manifest, close } = openSqliteAttachments(host === undefined ? { path } : { database: host })
const session = new SessionScopedAttachmentStore(store, manifest, 'session')
const ids: string[] = []
const putUntilFull = async (first: number): Promise<string> => {
  for (let seed = first; seed < first + 4000; seed++) {
    const outcome = await outcomeOf(async () => {
      const { id } = await session.put(bodyOf(seed), meta)
      ids.push(id)
      await session.commit()
    })
    if (outcome !== 'fine') return outcome
  }
  return 'never full'
}
say('full', await putUntilFull(0))
fillUp(disk)
say('refused', await outcomeOf(() => session.put(bodyOf(9999), meta)))
const before = ids.length
say('most of the disk', before * Number(size) > 4_000_000 || before * Number(size))
let damaged = 0
for (const [seed, id] of ids.entries()) if (Buffer.compare((await store.get(id)).bytes, bodyOf(seed)) !== 0) damaged++
say('damaged', damaged)
if (way === 'delete') for (const id of ids) await session.delete(id)
else {
  await session.release()
  const { failures } = await reclaimOrphanedAttachments(manifest, store, Date.now() + 1000)
  for (const { error } of failures) say('failure', String(error))
}
ids.length = 0
let left = 0
for await (const _ of store.list()) left++
say('left', left)
say('full again', await putUntilFull(10_000))
say('as many', ids.length >= before * 0.6 || [ids.length, before])
await session.release()
await close()
host?.close()
const raw = new Database(path)
say('integrity', raw.pragma('integrity_check', { simple: true }))
raw.close()
