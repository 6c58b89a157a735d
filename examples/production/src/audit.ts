import { reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { ownNote } from './documents.ts'
import type { Host } from './host/host.ts'
import type { Audit } from './report.ts'

/** The server may have another clock than this machine. Here nobody works any more, so nothing is too young. */
const clockSkewMs = 60 * 60 * 1000

/** Puts something past the manifest, as a careless script does, and has the audit sweep compare the bucket with the manifest. */
export async function audit({ manifest, store }: Host): Promise<Audit> {
  const { bytes, meta } = ownNote()
  const { id: stray } = await store.put(bytes, meta)
  const started = performance.now()
  const report = await reclaimUnreferencedAttachments(manifest, store, Date.now() + clockSkewMs)
  const milliseconds = performance.now() - started
  return {
    stray,
    listed: report.scannedIntentCount,
    reclaimed: report.reclaimedCount,
    failures: report.failures.map(({ id, error }) => `${id}: ${error}`),
    strayIsGone: (await store.stat(stray)) === undefined,
    milliseconds,
  }
}
