import { AttachmentIntentExpiredError, type AttachmentManifest, type OrphanClaim } from '@lash/attachments-core'
import { blobsOf, copiesOf, endOfTime, intentFor, namesOf, refsOf, type Who } from '../../manifest/steps.ts'
import { idOf } from '../../run/contents.ts'

/** A call of a manifest, with an answer that can be compared. */
type Step = (manifest: AttachmentManifest) => Promise<unknown>

/** What one of two does: one call, or several in turn. */
export interface Call {
  readonly name: string
  /** Whether the manifest forgets what it reclaimed at once. */
  readonly purges?: boolean
  readonly steps: readonly Step[]
}

/** Calls of the same manifest, each when the one before has its answer. */
export function inTurn(...calls: readonly Call[]): Call {
  return { name: calls.map(({ name }) => name).join(' and then '), steps: calls.flatMap(({ steps }) => steps) }
}

export function intent(name: string, who: Who): Call {
  return { name: `intent ${name}`, steps: [manifest => manifest.recordIntent(intentFor(name, who, 2000))] }
}

export function commit(who: Who, ...names: readonly string[]): Call {
  const { sessionId, options } = argumentsOf(who)
  return {
    name: `commit ${names.join()}`,
    steps: [manifest => manifest.commitRefs(sessionId, refsOf(...names), options).then(() => 'committed', refusal)],
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
    steps: [manifest => manifest.releaseRefs(sessionId, ids, options)],
  }
}

export function lookup(name: string, who: Who): Call {
  const { sessionId, options } = argumentsOf(who)
  return {
    name: `lookup ${name}`,
    steps: [
      async manifest => {
        const found = await manifest.lookup(sessionId, idOf(name), options)
        const { holder, committedAtEpochMs, releasedAtEpochMs } = found ?? {}
        return [holder, committedAtEpochMs ?? '-', releasedAtEpochMs ?? '-'].join(' ')
      },
    ],
  }
}

/** Claims everything that is due, stale claims too if so asked. */
export function claim(options: { readonly stale?: boolean; readonly limit?: number } = {}): Call {
  const { stale = false, limit = 10 } = options
  const query = { olderThanEpochMs: endOfTime, limit, ...(stale ? { staleClaimEpochMs: endOfTime } : {}) }
  return {
    name: stale ? 'claim with takeovers' : 'claim',
    steps: [async manifest => copiesOf(await manifest.claimOrphans(query))],
  }
}

/** As a session's delete: claims what everybody has released. */
export function claimReleased(name: string): Call {
  const query = { olderThanEpochMs: endOfTime, limit: 1, ids: [idOf(name)], releasedOnly: true }
  return { name: `delete ${name}`, steps: [async manifest => copiesOf(await manifest.claimOrphans(query))] }
}

export function audit(...copies: readonly string[]): Call {
  return {
    name: `audit ${copies.join()}`,
    steps: [async manifest => copiesOf(await manifest.claimBlobs(blobsOf(...copies)))],
  }
}

export function settle(claims: readonly OrphanClaim[], { purges = false }: { purges?: boolean } = {}): Call {
  return { name: purges ? 'settle and purge' : 'settle', purges, steps: [manifest => manifest.settleClaims(claims)] }
}

export function forget(name: string): Call {
  return { name: `forget ${name}`, steps: [manifest => manifest.forget(idOf(name))] }
}

function argumentsOf(who: Who): { sessionId: string; options?: { holder: string } } {
  return typeof who === 'string' ? { sessionId: who } : { sessionId: who.sessionId, options: { holder: who.holder } }
}
