import { type AttachmentId, canonicalUri, isAttachmentId } from '../content/id.ts'
import { type AttachmentRef, checkGeneration, checkMeta, isPortableText, maxGeneration } from '../content/meta.ts'
import { AttachmentInvalidArgumentError } from '../errors.ts'
import { checkWhole } from '../numbers.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentIntent, OrphanQuery } from './manifest.ts'

/**
 * Longest session id, in Unicode code points. With an id beside it, it still fits an index row of every database here.
 */
export const maxSessionIdLength = 512
/** Longest holder, in Unicode code points. */
export const maxHolderLength = 512
/** Most claims that one `claimOrphans` returns. */
export const maxClaimLimit = 10_000

/**
 * Checks a session id: 1 to 512 characters of well-formed Unicode without NUL. Session ids are compared code point by
 * code point, without case folding or normalization.
 * @throws AttachmentInvalidArgumentError
 */
export function checkSessionId(sessionId: unknown): string {
  return checkName('session id', sessionId, 1, maxSessionIdLength)
}

/**
 * Checks a holder: at most 512 characters of well-formed Unicode without NUL, compared as session ids are.
 * @throws AttachmentInvalidArgumentError
 */
export function checkHolder(holder: unknown): string {
  return checkName('holder', holder, 0, maxHolderLength)
}

/**
 * The length is in code points, which are at most as many as the units of `length`. UTF-8 has no lone surrogates: names
 * that differ in one would be equal, and a session would read another's attachments.
 */
function checkName(what: string, name: unknown, least: number, most: number): string {
  const isName = isPortableText(name) && name.length >= least && (name.length <= most || [...name].length <= most)
  if (isName) return name
  throw new AttachmentInvalidArgumentError(
    `the ${what} must be ${least} to ${most} characters of well-formed Unicode without NUL`,
  )
}

/** An intent that has been checked: it says its holder. */
export interface CheckedIntent extends AttachmentIntent {
  holder: string
}

/**
 * Checks an intent, and returns a copy with only the known fields.
 * @throws AttachmentInvalidArgumentError
 */
export function checkIntent(intent: AttachmentIntent): CheckedIntent {
  const attachmentId = checkId(intent.attachmentId)
  if (intent.canonicalUri !== canonicalUri(attachmentId))
    throw new AttachmentInvalidArgumentError('the canonical URI must be sha256:<attachment id>')
  return {
    attachmentId,
    sessionId: checkSessionId(intent.sessionId),
    holder: checkHolder(intent.holder ?? ''),
    canonicalUri: intent.canonicalUri,
    byteLength: checkWhole('byteLength', intent.byteLength),
    intentAtEpochMs: checkTime('intentAtEpochMs', intent.intentAtEpochMs),
    ...(intent.meta === undefined ? {} : { meta: checkMeta(intent.meta) }),
  }
}

/** A ref to commit, at its generation. Undefined, for a bare id: at the generation of the holder's last intent. */
export interface CommitTarget {
  readonly id: AttachmentId
  readonly generation: number | undefined
}

/**
 * Checks what a caller wants committed.
 * @throws AttachmentInvalidArgumentError
 */
export function checkCommit(refs: readonly (AttachmentRef | AttachmentId)[]): CommitTarget[] {
  if (!Array.isArray(refs)) throw new AttachmentInvalidArgumentError('the refs must be an array')
  return refs.map(ref =>
    typeof ref === 'string'
      ? { id: checkId(ref), generation: undefined }
      : { id: checkId((ref as AttachmentRef | null)?.id), generation: checkGeneration(ref.generation ?? 0) },
  )
}

/**
 * Checks the copies that a sweeper has listed. Leaves out those with a malformed id, and those beyond half of the
 * largest generation: content that is moved there would soon have no next generation, and no content comes there by
 * itself.
 * @throws AttachmentInvalidArgumentError
 */
export function checkBlobs(blobs: readonly AttachmentKey[]): AttachmentKey[] {
  return blobs
    .map(({ id, generation }) => ({ id, generation: checkGeneration(generation) }))
    .filter(({ id, generation }) => isAttachmentId(id) && generation <= maxGeneration / 2)
}

/**
 * Checks a query for orphans.
 * @throws AttachmentInvalidArgumentError
 */
export function checkOrphanQuery(query: OrphanQuery): OrphanQuery {
  checkTime('olderThanEpochMs', query.olderThanEpochMs)
  if (query.staleClaimEpochMs !== undefined) checkTime('staleClaimEpochMs', query.staleClaimEpochMs)
  checkWhole('limit', query.limit, maxClaimLimit, 1)
  return query
}

/**
 * Checks a time.
 * @throws AttachmentInvalidArgumentError when it is not a whole number of milliseconds since 1970.
 */
export function checkTime(name: string, value: unknown): number {
  return checkWhole(name, value, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)
}

function checkId(id: unknown): AttachmentId {
  if (isAttachmentId(id)) return id
  throw new AttachmentInvalidArgumentError('an attachment id must be 64 lower-case hex digits')
}
