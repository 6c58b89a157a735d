import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { Pair } from './pair.ts'

const meta = { mediaType: 'application/octet-stream' }

/** Refs of each session. */
const refsPerSession = 1000

/** A small body that is like no other. */
export function bodyOf(kind: string, number: number): Uint8Array {
  return Buffer.from(`${kind} ${number}`)
}

export function sessionOf(number: number): string {
  return `session ${Math.floor(number / refsPerSession)}`
}

/** Puts bodies and commits them, all of a session at once, which is as fast as it gets. */
export async function fill(pair: Pair, count: number): Promise<void> {
  for (let start = 0; start < count; start += refsPerSession) {
    const session = new SessionScopedAttachmentStore(pair.store, pair.manifest, sessionOf(start))
    await putAll(session, 'row', start, Math.min(count, start + refsPerSession))
    await session.commit()
    await session.close()
  }
}

/** Puts bodies that nobody commits. */
export async function fillOrphans(pair: Pair, kind: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += refsPerSession) {
    const session = new SessionScopedAttachmentStore(pair.store, pair.manifest, `${kind} ${start}`)
    await putAll(session, kind, start, Math.min(count, start + refsPerSession))
    await session.close()
  }
}

async function putAll(
  session: SessionScopedAttachmentStore,
  kind: string,
  start: number,
  end: number,
): Promise<AttachmentRef[]> {
  const puts: Promise<AttachmentRef>[] = []
  for (let number = start; number < end; number++) puts.push(session.put(bodyOf(kind, number), meta))
  return Promise.all(puts)
}
