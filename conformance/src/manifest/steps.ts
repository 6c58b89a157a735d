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
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { copyName, idOf, textOf } from '../run/contents.ts'
import { collect } from '../run/samples.ts'

/*
 * What the manifest cases do with a manifest. Contents are called by a name. A ref is called `a@1`: content a at
 * generation 1; a bare id is called `a`. Times are small numbers, so that a case says which is older.
 */

/** One holder in a session. A session by its name alone gives no holder, whatever the manifest takes that for. */
export type Who = string | HolderInSession

export interface HolderInSession {
  readonly sessionId: string
  readonly holder: string
}

export function holder(sessionId: string, name: string): HolderInSession {
  return { sessionId, holder: name }
}

/** A case may give anything for a session id. */
function isHolder(who: Who): who is HolderInSession {
  return typeof (who as HolderInSession | null)?.holder === 'string'
}

/** The arguments of a call that is about somebody: the session and, of one holder, the option that says so. */
function argumentsOf(who: Who): { sessionId: string; options: { holder: string } | undefined } {
  if (isHolder(who)) return { sessionId: who.sessionId, options: { holder: who.holder } }
  return { sessionId: who, options: undefined }
}

/** After every time that a case uses and any clock: a sweep at this time finds everything old enough. */
export const endOfTime: number = Date.UTC(2200, 0)

/** A day ago by this machine's clock, so before anything that a manifest's own clock dates in a case. */
export function yesterday(): number {
  return Date.now() - 24 * 60 * 60 * 1000
}

/** Refs and bare ids as a host keeps them: of `a@1` the ref, of `a` the id. */
export function refsOf(...names: readonly string[]): (AttachmentRef | AttachmentId)[] {
  return names.map(name => {
    const { content, generation } = parse(name)
    if (generation === undefined) return idOf(content)
    const ref = { id: idOf(content), byteLength: content.length, mediaType: 'text/plain' }
    return generation === 0 ? ref : { ...ref, generation }
  })
}

/** Physical copies, of names such as `a@1`. */
export function blobsOf(...names: readonly string[]): { id: AttachmentId; generation: number }[] {
  return names.map(name => {
    const { content, generation = 0 } = parse(name)
    return { id: idOf(content), generation }
  })
}

function parse(name: string): { content: string; generation: number | undefined } {
  const [content = '', generation] = name.split('@')
  return { content, generation: generation === undefined ? undefined : Number(generation) }
}

/** Names of what was claimed or listed, sorted. */
export function namesOf(found: readonly { attachmentId: AttachmentId }[]): string[] {
  return found.map(({ attachmentId }) => textOf(attachmentId)).sort()
}

/** As {@link namesOf}, with generations: `a@1`. */
export function copiesOf(claims: readonly OrphanClaim[]): string[] {
  return claims.map(({ attachmentId: id, generation }) => copyName({ id, generation })).sort()
}

/** Fails unless the names are these, in any order. Says a few of those that differ: of thousands, a diff takes long. */
export function assertNames(actual: readonly string[], expected: readonly string[], what: string): void {
  const few = (names: readonly string[], others: ReadonlySet<string>) =>
    names.filter(name => !others.has(name)).slice(0, 5)
  const missing = few(expected, new Set(actual))
  const unexpected = few(actual, new Set(expected))
  assert.deepEqual(
    { count: actual.length, missing, unexpected },
    { count: expected.length, missing: [], unexpected: [] },
    what,
  )
}

export function intentFor(
  name: string,
  who: Who,
  intentAtEpochMs = 1000,
  meta: AttachmentCreateMeta = { mediaType: 'text/plain' },
): AttachmentIntent {
  const attachmentId = idOf(name)
  const { sessionId, options } = argumentsOf(who)
  const byteLength = Buffer.byteLength(name)
  const uri = canonicalUri(attachmentId)
  return { attachmentId, sessionId, ...options, canonicalUri: uri, byteLength, intentAtEpochMs, meta }
}

/** The entry that an intent gives: what it says, with the holder, and nothing else but a generation. */
export function entryOf(intent: AttachmentIntent, generation = 0): AttachmentManifestEntry {
  return { ...intent, holder: intent.holder ?? '', generation }
}

/** Whether the commit went through. Any error but a refusal is thrown on. */
export function isAccepted(commit: Promise<void>): Promise<boolean> {
  return commit.then(
    () => true,
    error => {
      if (AttachmentIntentExpiredError.isInstance(error)) return false
      throw error
    },
  )
}

/** Commits each content by itself, all at once. Returns the names of those that were not refused. */
export async function acceptedOf(names: readonly string[], commit: (name: string) => Promise<void>): Promise<string[]> {
  const accepted = await Promise.all(names.map(name => isAccepted(commit(name))))
  return names.filter((_, index) => accepted[index])
}

/**
 * Has the sweepers claim a few contents at a time, all at once, until so many are claimed. Returns the names of
 * all claims.
 */
export async function claimedBy(
  sweepers: readonly Pick<ManifestSteps, 'claim'>[],
  count: number,
  limit: number,
): Promise<string[]> {
  const claims: OrphanClaim[] = []
  const sweep = async ({ claim }: Pick<ManifestSteps, 'claim'>) => {
    for (let tries = 0; tries < 100 && claims.length < count; tries++) claims.push(...(await claim({ limit })))
  }
  await Promise.all(sweepers.map(sweep))
  return namesOf(claims)
}

/** Fails unless the commit is refused and the error names exactly these contents. */
export async function assertRefused(commit: Promise<unknown>, names: readonly string[], why: string): Promise<void> {
  const error = await commit.then(
    () => assert.fail(`${why}: the commit was not refused`),
    (reason: unknown) => reason,
  )
  if (!AttachmentIntentExpiredError.isInstance(error)) throw error
  assertNames([...error.ids].map(textOf), names, `${why}: the error names every id that failed, once`)
}

/** Fails unless the call rejects as a bad argument. It must not throw. */
export async function assertInvalid(call: () => Promise<unknown>, what: string): Promise<void> {
  let result: Promise<unknown>
  try {
    result = call()
  } catch (error) {
    assert.fail(`${what}: must reject, not throw ${error}`)
  }
  const isInvalid = (error: unknown) => AttachmentInvalidArgumentError.isInstance(error)
  await assert.rejects(result, isInvalid, `${what}: must be AttachmentInvalidArgumentError`)
}

/** The claims. Fails unless each says what it is about in the right types, which no comparison of names would tell. */
function wellFormed(claims: OrphanClaim[]): OrphanClaim[] {
  for (const { attachmentId, generation, token } of claims) {
    assert.deepEqual([typeof attachmentId, typeof generation, typeof token], ['string', 'number', 'string'])
  }
  return claims
}

/** The steps of a case on one manifest. */
export interface ManifestSteps {
  readonly manifest: AttachmentManifest
  /** Records an intent; returns its generation. */
  record(name: string, who: Who, intentAtEpochMs?: number): Promise<number>
  /** Records an intent and commits it. Returns its generation. */
  hold(name: string, who: Who): Promise<number>
  commit(who: Who, ...refs: string[]): Promise<void>
  /** Fails unless the commit is refused, for these contents; by default for all that it names. */
  mustRefuse(who: Who, refs: readonly string[], why: string, failing?: readonly string[]): Promise<void>
  /** Releases these contents or, without any, everything that the holder, or the session, holds. */
  release(who: Who, ...names: string[]): Promise<void>
  lookup(name: string, who: Who): Promise<AttachmentManifestEntry | undefined>
  /** The entry, which must be there. */
  entry(name: string, who: Who): Promise<AttachmentManifestEntry>
  isCommitted(name: string, who: Who): Promise<boolean>
  isReleased(name: string, who: Who): Promise<boolean>
  entriesOf(who: Who): Promise<AttachmentManifestEntry[]>
  /** Claims what is old enough; everything, unless the query says otherwise. */
  claim(query?: Partial<OrphanQuery>): Promise<OrphanClaim[]>
  /** Claims this one content, which must be an orphan. */
  claimOnly(name: string): Promise<OrphanClaim>
  /** Takes over the claim on the content, however young. Undefined when there is none. */
  takeOver(name: string): Promise<OrphanClaim | undefined>
  claimBlobs(...names: string[]): Promise<OrphanClaim[]>
  settle(...claims: OrphanClaim[]): Promise<void>
  /** A whole sweep of one content, but for the bytes. */
  reclaim(name: string): Promise<OrphanClaim>
  forget(name: string): Promise<void>
}

export function stepsOf(manifest: AttachmentManifest): ManifestSteps {
  const steps: ManifestSteps = {
    manifest,
    record: (name, who, intentAtEpochMs) => manifest.recordIntent(intentFor(name, who, intentAtEpochMs)),
    async hold(name, who) {
      const generation = await steps.record(name, who)
      await steps.commit(who, `${name}@${generation}`)
      return generation
    },
    commit(who, ...refs) {
      const { sessionId, options } = argumentsOf(who)
      return manifest.commitRefs(sessionId, refsOf(...refs), options)
    },
    mustRefuse(who, refs, why, failing = [...new Set(refs.map(ref => parse(ref).content))]) {
      return assertRefused(steps.commit(who, ...refs), failing, why)
    },
    release(who, ...names) {
      const { sessionId, options } = argumentsOf(who)
      return manifest.releaseRefs(sessionId, names.length === 0 ? undefined : names.map(idOf), options)
    },
    lookup(name, who) {
      const { sessionId, options } = argumentsOf(who)
      return manifest.lookup(sessionId, idOf(name), options)
    },
    async entry(name, who) {
      const entry = await steps.lookup(name, who)
      assert.ok(entry, `the ref of ${JSON.stringify(who)} to ${name} is there`)
      return entry
    },
    isCommitted: async (name, who) => (await steps.entry(name, who)).committedAtEpochMs !== undefined,
    isReleased: async (name, who) => (await steps.entry(name, who)).releasedAtEpochMs !== undefined,
    async entriesOf(who) {
      const { sessionId, options } = argumentsOf(who)
      return collect(manifest.listRefs(sessionId, options))
    },
    async claim(query) {
      return wellFormed(await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1000, ...query }))
    },
    async claimOnly(name) {
      const [claim, ...others] = await steps.claim({ ids: [idOf(name)] })
      assert.ok(claim !== undefined && others.length === 0, `${name} is an orphan and must be claimed`)
      assert.equal(claim.attachmentId, idOf(name))
      return claim
    },
    async takeOver(name) {
      const [claim] = await steps.claim({ olderThanEpochMs: 0, staleClaimEpochMs: endOfTime, ids: [idOf(name)] })
      return claim
    },
    claimBlobs: async (...names) => wellFormed(await manifest.claimBlobs(blobsOf(...names))),
    settle: (...claims) => manifest.settleClaims(claims),
    async reclaim(name) {
      const claim = await steps.claimOnly(name)
      await steps.settle(claim)
      return claim
    },
    forget: name => manifest.forget(idOf(name)),
  }
  return steps
}
