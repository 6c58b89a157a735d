import { contentId, type SessionScopedAttachmentStore } from '@lash/attachments-core'
import { LmdbAttachmentManifest, LmdbAttachmentStore } from '@lash/attachments-lmdb'

/** What the recorded process puts, some in one chunk and some in several. */
export const contents: readonly Uint8Array[] = [100, 300_000, 0, 5000].map((length, number) =>
  new Uint8Array(length).map((_byte, index) => Math.imul(index + number, 2_654_435_761) >>> 13),
)

export const meta = { mediaType: 'image/png', label: 'a name' }
export const sessionId = 'session'

/** What is found of a content: whether its bytes can be read, and what its ref is. */
export interface Found {
  readonly bytes: string
  readonly ref: string
}

export interface Step {
  readonly name: string
  readonly content: number
  /** What has to be found once it is done. Before that, what was there before, or this, each for itself. */
  readonly leaves: Partial<Found>
  run(session: SessionScopedAttachmentStore, id: string): Promise<unknown>
}

export const steps: readonly Step[] = [
  ...contents.flatMap((bytes, content) => [put(content, bytes), commit(content)]),
  release(1),
  put(1, contents[1] as Uint8Array),
]

function put(content: number, bytes: Uint8Array): Step {
  return {
    name: `put ${content}`,
    content,
    leaves: { bytes: 'whole', ref: 'intent' },
    run: session => session.put(bytes, meta),
  }
}

function commit(content: number): Step {
  return { name: `commit ${content}`, content, leaves: { ref: 'committed' }, run: session => session.commit() }
}

function release(content: number): Step {
  return {
    name: `release ${content}`,
    content,
    leaves: { ref: 'released' },
    run: (session, id) => session.release([id]),
  }
}

export function idOf(content: number): string {
  return contentId(contents[content] as Uint8Array)
}

/** Store and manifest in one environment. */
export function openAt(path: string) {
  const store = new LmdbAttachmentStore(path)
  const manifest = new LmdbAttachmentManifest(path)
  const close = async () => {
    await store.close()
    await manifest.close()
  }
  return { store, manifest, close }
}
