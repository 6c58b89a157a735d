import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import type { Pair } from '../scale/pair.ts'
import { counted } from './counted-store.ts'

const meta = { mediaType: 'application/octet-stream' }

/** Bodies that are read and put at a time, by a host that copies. */
const copiesAtATime = 8

/** Gives a new chat what another one has. */
export type Fork = (
  refs: readonly AttachmentRef[],
  from: SessionScopedAttachmentStore,
  to: SessionScopedAttachmentStore,
) => Promise<unknown>

export const byAdoption: Fork = (refs, from, to) => to.adopt(refs, from)

export const byCopying: Fork = (refs, from, to) =>
  concurrently([...refs], copiesAtATime, async ({ id }) => {
    const { bytes } = await from.get(id)
    await to.put(bytes, meta)
  })

/**
 * Puts the bodies into a chat and commits them. Gives what forks that chat into a new one, and commits.
 * @param bytes how many a fork reads, and how many it puts. The fork fails if they are more or fewer.
 */
export async function chatToFork(
  pair: Pick<Pair, 'store' | 'manifest'>,
  bodies: Iterable<Buffer>,
  fork: Fork,
  bytes: (ofChat: number) => number,
): Promise<() => Promise<void>> {
  const { store, traffic } = counted(pair.store)
  const chat = new SessionScopedAttachmentStore(store, pair.manifest, 'chat')
  for (const body of bodies) await chat.put(body, meta)
  const refs = await chat.commit()
  const expected = bytes((await chat.usage()).byteLength)
  let forks = 0
  return async () => {
    Object.assign(traffic, { read: 0, put: 0 })
    const to = new SessionScopedAttachmentStore(store, pair.manifest, `fork ${forks++}`)
    await fork(refs, chat, to)
    const committed = await to.commit()
    if (committed.length !== refs.length) throw new Error(`the fork has ${committed.length} attachments`)
    if (traffic.read === expected && traffic.put === expected) return
    throw new Error(`the fork has read ${traffic.read} bytes and put ${traffic.put}, not ${expected}`)
  }
}
