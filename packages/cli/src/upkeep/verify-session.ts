import {
  type AttachmentManifestEntry,
  AttachmentNotFoundError,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import type { MaintenanceProgress } from '@lash/attachments-core/maintenance'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'
import { type ReportedFailure, reported } from './failures.ts'

export interface ReadSessionOptions {
  /** Only ids that begin with this. */
  readonly prefix: string
  /** How many are read at the same time: 1 to 1,000. */
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly onProgress: (progress: MaintenanceProgress) => void
  readonly onFailure: (failure: ReportedFailure) => Promise<void>
}

export interface SessionRead {
  /** How many contents were looked at, each once. */
  checkedCount: number
  /** The length of what was read whole, in bytes. */
  byteLength: number
  /** What is not whole, or is not there though it is committed. */
  damaged: ReportedFailure[]
}

/**
 * Reads what a session, or a holder in it, has, as the session reads it. What is let go of meanwhile, or was never
 * stored, is left out. Keeps a ref to each content of the session in memory.
 * @throws the reason of the signal, or what a backend throws that is down.
 */
export async function readSession(
  view: SessionScopedAttachmentStore,
  options: ReadSessionOptions,
): Promise<SessionRead> {
  const { concurrency, signal, onProgress, onFailure } = options
  const read: SessionRead = { checkedCount: 0, byteLength: 0, damaged: [] }

  const look = async ({ attachmentId: id, generation }: AttachmentManifestEntry) => {
    try {
      read.byteLength += await lengthRead(view, id, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (exitCodeOf(error) !== exitCodes.failed) throw error
      if (AttachmentNotFoundError.isInstance(error) && (await view.ref(id, { signal })) === undefined) return
      const failure = reported({ id, generation, error })
      read.damaged.push(failure)
      await onFailure(failure)
    }
    read.checkedCount++
    onProgress({ count: read.checkedCount, byteLength: read.byteLength })
  }

  await concurrently(await liveRefs(view, options), concurrency, look)
  return read
}

/** One for each content. */
async function liveRefs(
  { manifest, sessionId, holder }: SessionScopedAttachmentStore,
  { prefix, signal }: ReadSessionOptions,
): Promise<readonly AttachmentManifestEntry[]> {
  const refs = new Map<string, AttachmentManifestEntry>()
  for await (const entry of manifest.listRefs(sessionId, { holder })) {
    signal.throwIfAborted()
    const { attachmentId: id, releasedAtEpochMs } = entry
    if (releasedAtEpochMs === undefined && !refs.has(id) && id.startsWith(prefix)) refs.set(id, entry)
  }
  return [...refs.values()]
}

async function lengthRead(view: SessionScopedAttachmentStore, id: string, signal: AbortSignal): Promise<number> {
  const { meta, body } = await view.stream(id, { signal })
  for await (const _ of body);
  return meta.byteLength
}
