import {
  type AttachmentId,
  type AttachmentManifest,
  AttachmentNotFoundError,
  type AttachmentStore,
} from '@lash/attachments-core'

export interface RepairReport {
  /** Committed content that was looked at, once for each session that holds it. */
  checked: number
  /** Ids whose copy was missing and has been written again, from another copy. */
  repaired: AttachmentId[]
  /** Refs to content of which there is no copy at all: restore it from a backup, or have somebody put it again. */
  lost: { sessionId: string; id: AttachmentId }[]
}

/**
 * For after a restore of the database, of the bucket or of both. Looks whether the copy that each committed ref names
 * is there; where it is not, writes it again from another one. All copies of an id are the same bytes. Run it before
 * any sweep, while nothing else runs.
 */
export async function repairCopies(
  { manifest, store }: { manifest: AttachmentManifest; store: AttachmentStore },
  sessionIds: Iterable<string> | AsyncIterable<string>,
): Promise<RepairReport> {
  const report: RepairReport = { checked: 0, repaired: [], lost: [] }
  for await (const sessionId of sessionIds) {
    // All refs to some content are to the same copy, whichever holders of the session have them.
    const seen = new Set<AttachmentId>()
    for await (const entry of manifest.listRefs(sessionId)) {
      const { attachmentId: id, generation, committedAtEpochMs, releasedAtEpochMs } = entry
      if (committedAtEpochMs === undefined || releasedAtEpochMs !== undefined || seen.has(id)) continue
      seen.add(id)
      report.checked++
      if ((await store.stat(id, { generation })) !== undefined) continue
      if (await copyTo(store, id, generation)) report.repaired.push(id)
      else report.lost.push({ sessionId, id })
    }
  }
  return report
}

async function copyTo(store: AttachmentStore, id: AttachmentId, generation: number): Promise<boolean> {
  try {
    const { body, meta } = await store.stream(id)
    await store.put(body, meta, { generation })
    return true
  } catch (error) {
    if (AttachmentNotFoundError.isInstance(error)) return false
    throw error
  }
}
