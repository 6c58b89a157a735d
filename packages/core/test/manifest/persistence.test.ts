import { AttachmentClosedError, type AttachmentManifest, contentId } from '@lash/attachments-core'
import { type AttachmentPersistence, PersistenceManifestAdapter } from '@lash/attachments-core/persistence'
import { expect, test } from 'vitest'

/** A host's persistence object that notes what it is asked for. */
function noting(asked: unknown[][]): AttachmentPersistence {
  const note =
    (method: string) =>
    (...args: unknown[]) => {
      asked.push([method, ...args])
      return /^(list|export)/.test(method) ? (async function* () {})() : Promise.resolve(method)
    }
  return new Proxy({} as AttachmentPersistence, { get: (_, method) => note(String(method)) })
}

async function drained(listing: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of listing) {
    // Nothing is listed.
  }
}

const id = contentId(new Uint8Array())
const intent = { attachmentId: id, sessionId: 's', canonicalUri: `sha256:${id}`, byteLength: 0, intentAtEpochMs: 1 }
const holder = { holder: 'draft' }
const dryRun = { dryRun: true }
const uncommitted = { uncommittedOnly: true }
const client = { of: 'the host' }
const query = { olderThanEpochMs: 1, limit: 1 }
const claims = [{ attachmentId: id, generation: 0, token: 't' }]
const blobs = [{ id, generation: 0 }]
const records = (async function* () {})()

const calls: [method: keyof AttachmentPersistence, args: unknown[], call: (manifest: AttachmentManifest) => unknown][] =
  [
    ['recordAttachmentIntent', [intent], manifest => manifest.recordIntent(intent)],
    ['commitAttachmentRefs', ['s', [id], { client }], manifest => manifest.commitRefs('s', [id], { client })],
    ['commitAttachmentRefs', ['s', [id], holder], manifest => manifest.commitRefs('s', [id], holder)],
    ['releaseAttachmentRefs', ['s', [id], {}], manifest => manifest.releaseRefs('s', [id])],
    ['releaseAttachmentRefs', ['s', undefined, holder], manifest => manifest.releaseRefs('s', undefined, holder)],
    ['releaseAttachmentRefs', ['s', [id], uncommitted], manifest => manifest.releaseRefs('s', [id], uncommitted)],
    ['lookupAttachmentRef', ['s', id, {}], manifest => manifest.lookup('s', id)],
    ['lookupAttachmentRef', ['s', id, holder], manifest => manifest.lookup('s', id, holder)],
    ['listAttachmentRefs', ['s', {}], manifest => drained(manifest.listRefs('s'))],
    ['listAttachmentRefs', ['s', holder], manifest => drained(manifest.listRefs('s', holder))],
    ['listUncommittedAttachments', [1], manifest => drained(manifest.listUncommitted(1))],
    ['claimAttachmentOrphans', [query], manifest => manifest.claimOrphans(query)],
    ['claimAttachmentBlobs', [blobs, {}], manifest => manifest.claimBlobs(blobs)],
    ['claimAttachmentBlobs', [blobs, dryRun], manifest => manifest.claimBlobs(blobs, dryRun)],
    ['settleAttachmentClaims', [claims], manifest => manifest.settleClaims(claims)],
    ['forgetAttachment', [id], manifest => manifest.forget(id)],
    ['exportAttachmentContents', [undefined], manifest => drained(manifest.exportContents())],
    ['importAttachmentContents', [records, undefined], manifest => manifest.importContents(records)],
  ]

test.each(calls)('%s of the host is asked, with what the manifest was given', async (method, args, call) => {
  const asked: unknown[][] = []
  const manifest = new PersistenceManifestAdapter(noting(asked))
  await call(manifest)
  expect(asked).toEqual([[method, ...args]])
})

test.each(calls)('%s of the host is not asked any more after close', async (_, __, call) => {
  const asked: unknown[][] = []
  const manifest = new PersistenceManifestAdapter(noting(asked))
  await manifest.close()
  await expect((async () => call(manifest))()).rejects.toThrow(AttachmentClosedError)
  expect(asked).toEqual([])
})
