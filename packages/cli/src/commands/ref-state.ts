import type { AttachmentManifestEntry } from '@lash/attachments-core'

export type RefState = 'committed' | 'uncommitted' | 'released'

export function refState({ committedAtEpochMs, releasedAtEpochMs }: AttachmentManifestEntry): RefState {
  if (releasedAtEpochMs !== undefined) return 'released'
  return committedAtEpochMs === undefined ? 'uncommitted' : 'committed'
}
