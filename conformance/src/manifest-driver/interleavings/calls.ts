import { AttachmentIntentExpiredError, type AttachmentManifest, type OrphanClaim } from '@lash/attachments-core'
import { blobsOf, copiesOf, endOfTime, intentFor, namesOf, refsOf, type Who } from '../../manifest/steps.ts'
import { idOf } from '../../run/contents.ts'

/** A call of a manifest, with an answer that can be compared. */
export interface Call {
  readonly name: string
  /** Whether the manifest forgets what it reclaimed at once. */
  readonly purges?: boolean
  run(manifest: AttachmentManifest): Promise<unknown>
}

export function intent(name: string, who: Who): Call {
  return { name: `intent ${name}`, run: manifest => manifest.recordIntent(intentFor(name, who)) }
}

export function commit(who: Who, ...names: readonly string[]): Call {
  const { sessionId, options } = argumentsOf(who)
  return {
    name: `commit ${names.join()}`,
    run: manifest => manifest.commitRefs(sessionId, refsOf(...names), options).then(() => 'committed', refusal),
  }
}

function refusal(error: unknown): string {
  if (!AttachmentIntentExpiredError.isInstance(error)) throw error
  return `refused ${namesOf(error.ids.map(attachmentId => ({ attachmentId }))).join()}`
}

export function release(who: Who, ...names: readonly string[]): Call {
  const { sessionId, options } = argumentsOf(who)
  const ids = names.length === 0 ? undefined : names.map(idOf)
  return {
    name: `release ${names.join() || 'all'}`,
    run: manifest => manifest.releaseRefs(sessionId, ids, options),
  }
}

export function lookup(name: string, sessionId: string): Call {
  return {
    name: `lookup ${name}`,
    run: async manifest => (await manifest.lookup(sessionId, idOf(name)))?.holder ?? 'nothing',
  }
}

/** Claims everything that is due, stale claims too if so asked. */
export function claim(options: { readonly stale?: boolean; readonly limit?: number } = {}): Call {
  const { stale = false, limit = 10 } = options
  const query = { olderThanEpochMs: endOfTime, limit, ...(stale ? { staleClaimEpochMs: endOfTime } : {}) }
  return {
    name: stale ? 'claim with takeovers' : 'claim',
    run: async manifest => copiesOf(await manifest.claimOrphans(query)),
  }
}

/** As a session's delete: claims what everybody has released. */
export function claimReleased(name: string): Call {
  const query = { olderThanEpochMs: endOfTime, limit: 1, ids: [idOf(name)], releasedOnly: true }
  return { name: `delete ${name}`, run: async manifest => copiesOf(await manifest.claimOrphans(query)) }
}

export function audit(...copies: readonly string[]): Call {
  return {
    name: `audit ${copies.join()}`,
    run: async manifest => copiesOf(await manifest.claimBlobs(blobsOf(...copies))),
  }
}

export function settle(claims: readonly OrphanClaim[], { purges = false } = {}): Call {
  return { name: purges ? 'settle and purge' : 'settle', purges, run: manifest => manifest.settleClaims(claims) }
}

export function forget(name: string): Call {
  return { name: `forget ${name}`, run: manifest => manifest.forget(idOf(name)) }
}

function argumentsOf(who: Who): { sessionId: string; options?: { holder: string } } {
  return typeof who === 'string' ? { sessionId: who } : { sessionId: who.sessionId, options: { holder: who.holder } }
}
