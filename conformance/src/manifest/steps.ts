import assert from 'node:assert/strict'
import {
  type AttachmentCreateMeta,
  type AttachmentId,
  type AttachmentIntent,
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  contentId,
  type OrphanClaim,
} from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'

/** The steps that the manifest cases are made of. Times are small numbers, so that a case says which is older. */

/** After every time that a case uses and any clock: a sweep at it finds everything old enough. */
export const endOfTime: number = Date.UTC(2200, 0)

/** A day before now by this machine's clock, so before anything that a manifest's own clock dates in a case. */
export function yesterday(): number {
  return Date.now() - 24 * 60 * 60 * 1000
}

/** The id of some content that stands for nothing but its name. */
export function idOf(name: string): AttachmentId {
  return contentId(new TextEncoder().encode(name))
}

export function intentFor(
  name: string,
  sessionId: string,
  intentAtEpochMs = 1000,
  meta: AttachmentCreateMeta | undefined = { mediaType: 'text/plain' },
): AttachmentIntent {
  const attachmentId = idOf(name)
  const intent = { attachmentId, sessionId, canonicalUri: canonicalUri(attachmentId), intentAtEpochMs }
  return meta === undefined ? intent : { ...intent, meta }
}

/** Records an intent and returns its generation. */
export function record(
  manifest: AttachmentManifest,
  name: string,
  sessionId: string,
  intentAtEpochMs?: number,
): Promise<number> {
  return manifest.recordIntent(intentFor(name, sessionId, intentAtEpochMs))
}

/** Records an intent and commits it. */
export async function hold(manifest: AttachmentManifest, name: string, sessionId: string): Promise<AttachmentRef> {
  const ref = refOf(name, await record(manifest, name, sessionId))
  await manifest.commitRefs(sessionId, [ref])
  return ref
}

/** A ref as a host keeps it. */
export function refOf(name: string, generation: number): AttachmentRef {
  const ref = { id: idOf(name), byteLength: name.length, mediaType: 'text/plain' }
  return generation === 0 ? ref : { ...ref, generation }
}

/** Claims whatever is old enough at the time; everything, without one. */
export function claim(
  manifest: AttachmentManifest,
  olderThanEpochMs: number = endOfTime,
  limit = 1000,
): Promise<OrphanClaim[]> {
  return manifest.claimOrphans({ olderThanEpochMs, limit })
}

/** Claims the one content that is an orphan. */
export async function claimOnly(manifest: AttachmentManifest, name: string): Promise<OrphanClaim> {
  const claims = await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1000, ids: [idOf(name)] })
  assert.equal(claims.length, 1, `${name} is an orphan and must be claimed`)
  const only = claims[0] as OrphanClaim
  assert.equal(only.attachmentId, idOf(name))
  return only
}

/** Takes over the claim on the content, however young. Undefined when there is none. */
export async function takeOver(manifest: AttachmentManifest, name: string): Promise<OrphanClaim | undefined> {
  const query = { olderThanEpochMs: 0, limit: 1000, staleClaimEpochMs: endOfTime, ids: [idOf(name)] }
  return (await manifest.claimOrphans(query))[0]
}

/** A whole sweep of one content, but for the bytes. */
export async function reclaim(manifest: AttachmentManifest, name: string): Promise<OrphanClaim> {
  const claimed = await claimOnly(manifest, name)
  await manifest.settleClaims([claimed])
  return claimed
}

export async function entryOf(
  manifest: AttachmentManifest,
  name: string,
  sessionId: string,
): Promise<AttachmentManifestEntry> {
  const entry = await manifest.lookup(sessionId, idOf(name))
  assert.ok(entry, `the ref of ${sessionId} to ${name} is there`)
  return entry
}

/** Names of what was claimed, sorted, out of the names that the case uses. */
export function namesOf(claims: readonly { attachmentId: AttachmentId }[], names: readonly string[]): string[] {
  const byId = new Map(names.map(name => [idOf(name), name]))
  return claims.map(({ attachmentId }) => byId.get(attachmentId) ?? `unknown ${attachmentId}`).sort()
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The commit must be refused, and name exactly these contents. */
export async function assertExpired(commit: Promise<unknown>, names: readonly string[], rule: string): Promise<void> {
  const error = await commit.then(
    () => assert.fail(`${rule}: the commit was not refused`),
    (reason: unknown) => reason,
  )
  if (!AttachmentIntentExpiredError.isInstance(error)) throw error
  assert.deepEqual([...error.ids].sort(), names.map(idOf).sort(), `${rule}: the error names every id that failed, once`)
}

/** The call must be refused as a bad argument, by rejection. */
export async function assertInvalid(call: () => Promise<unknown>, what: string): Promise<void> {
  let result: Promise<unknown>
  try {
    result = call()
  } catch (error) {
    assert.fail(`${what}: must reject, not throw ${error}`)
  }
  await assert.rejects(
    result,
    error => AttachmentInvalidArgumentError.isInstance(error),
    `${what}: must be AttachmentInvalidArgumentError`,
  )
}
