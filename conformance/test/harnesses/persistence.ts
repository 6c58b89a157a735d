import type { ManifestHarness } from '@lash/attachments-conformance'
import type { AttachmentManifest } from '@lash/attachments-core'
import { type AttachmentPersistence, PersistenceManifestAdapter } from '@lash/attachments-core/persistence'
import { memoryManifestHarness } from './memory.ts'

/** The manifest face of a host's persistence object, which keeps its refs in a manifest in memory. */
export function persistenceManifestHarness(): ManifestHarness {
  const inner = memoryManifestHarness()
  return {
    ...inner,
    name: 'persistence (memory)',
    async create() {
      const fixture = await inner.create()
      const manifest = new PersistenceManifestAdapter(persistenceOf(fixture.manifest))
      return { ...fixture, manifest }
    },
  }
}

function persistenceOf(manifest: AttachmentManifest): AttachmentPersistence {
  return {
    recordAttachmentIntent: intent => manifest.recordIntent(intent),
    commitAttachmentRefs: (sessionId, refs, options) => manifest.commitRefs(sessionId, refs, options),
    releaseAttachmentRefs: (sessionId, ids, options) => manifest.releaseRefs(sessionId, ids, options),
    lookupAttachmentRef: (sessionId, id, options) => manifest.lookup(sessionId, id, options),
    listAttachmentRefs: (sessionId, options) => manifest.listRefs(sessionId, options),
    listUncommittedAttachments: olderThanEpochMs => manifest.listUncommitted(olderThanEpochMs),
    claimAttachmentOrphans: query => manifest.claimOrphans(query),
    claimAttachmentBlobs: (blobs, options) => manifest.claimBlobs(blobs, options),
    settleAttachmentClaims: claims => manifest.settleClaims(claims),
    forgetAttachment: id => manifest.forget(id),
    exportAttachmentContents: options => manifest.exportContents(options),
    importAttachmentContents: (records, options) => manifest.importContents(records, options),
  }
}
