import {
  type AttachmentIntent,
  type AttachmentKey,
  type OrphanClaim,
  type OrphanQuery,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import type { Actor, Call } from './world/actor.ts'
import { bodyOf, idOf } from './world/contents.ts'
import { oldToken, since } from './world/scenes.ts'
import { lockOf } from './world/tables.ts'

const text = { mediaType: 'text/plain' }
const noGrace = Number.MAX_SAFE_INTEGER

/** A session and a holder in it: `s`, `s/h`. */
function ownerOf(who: string): [session: string, holder: string | undefined] {
  const [session = '', holder] = who.split('/')
  return [session, holder]
}

function intentOf(actor: Actor, who: string, name: string): AttachmentIntent {
  const attachmentId = idOf(name)
  const [sessionId, holder] = ownerOf(who)
  const byteLength = bodyOf(name).byteLength
  const intent = { attachmentId, sessionId, holder, byteLength, intentAtEpochMs: actor.now, meta: text }
  return { ...intent, canonicalUri: canonicalUri(attachmentId) }
}

export function intent(session: string, name: string): Call {
  return {
    name: `intent ${session} ${name}`,
    run: actor => actor.attachments.manifest.recordIntent(intentOf(actor, session, name)),
  }
}

/** An intent with its bytes, in one statement. */
export function put(session: string, name: string): Call {
  return { name: `put ${session} ${name}`, run: actor => putOne(actor, session, name) }
}

async function putOne({ attachments, now }: Actor, who: string, name: string): Promise<unknown> {
  const [session, holder] = ownerOf(who)
  const options = { holder, now: () => now }
  const scoped = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, session, options)
  const { generation = 0 } = await scoped.put(bodyOf(name), text)
  return generation
}

/** Intents that share a statement: each name is a content. */
export function intents(session: string, names: string): Call {
  const calls = [...names].map(name => intent(session, name))
  return {
    name: `intents ${session} ${names}`,
    run: actor => sharing(actor, calls, intent('aside', 'z')),
    parts: inAllOrders(calls),
  }
}

/** Puts that share a statement. */
export function puts(session: string, names: string): Call {
  const calls = [...names].map(name => put(session, name))
  return {
    name: `puts ${session} ${names}`,
    run: actor => sharing(actor, calls, put('aside', 'z')),
    parts: inAllOrders(calls),
  }
}

function inAllOrders(calls: readonly Call[]): Call[][] {
  if (calls.length < 2) return [[...calls]]
  return calls.flatMap(first => inAllOrders(calls.filter(call => call !== first)).map(rest => [first, ...rest]))
}

/** As many calls as go alone are made first, and pass without a stop. So the others share a statement. */
function sharing(actor: Actor, calls: readonly Call[], alone: Call): Promise<unknown> {
  actor.free += 2
  const aside = [alone.run(actor), alone.run(actor)]
  return Promise.all([Promise.all(calls.map(call => call.run(actor))), ...aside]).then(([results]) => results)
}

/** By generation, or of bare ids. */
export function commit(who: string, names: string, generation?: number): Call {
  return {
    name: `commit ${who} ${names}${generation === undefined ? '' : ` g${generation}`}`,
    run: ({ attachments }) => {
      const [session, holder] = ownerOf(who)
      return attachments.manifest.commitRefs(session, refsOf(names, generation), { holder }).then(done)
    },
  }
}

function refsOf(names: string, generation: number | undefined) {
  return [...names].map(name => {
    const id = idOf(name)
    return generation === undefined
      ? id
      : { id, generation, uri: canonicalUri(id), byteLength: bodyOf(name).byteLength, ...text }
  })
}

const serializationFailure = 'a serialization failure, for the host to repeat'

/** In a transaction of the host, which has read something before. */
export function hostCommit(
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE',
  session: string,
  names: string,
): Call {
  const name = `host ${isolation.toLowerCase()} commit ${session} ${names}`
  const repeated: Call = { name: `${name}, to be repeated`, run: async () => serializationFailure }
  const refused: Call = { name: `${name}, refused`, run: async () => ({ refused: [...names].map(idOf).sort() }) }
  return {
    name,
    async run(actor) {
      const client = await actor.connect()
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)
        await client.query('SELECT count(*) FROM pg_catalog.pg_class')
        await actor.attachments.manifest.commitRefs(session, refsOf(names, undefined), { client })
        await client.query('COMMIT')
        return 'done'
      } catch (error) {
        await client.query('ROLLBACK')
        if ((error as { code?: unknown }).code === '40001') return serializationFailure
        throw error
      } finally {
        client.release()
      }
    },
    ...(isolation === 'READ COMMITTED' ? {} : { instead: [repeated, refused] }),
  }
}

/** Of every holder, where none is named. */
export function release(who: string, names?: string, uncommittedOnly = false): Call {
  return {
    name: `release ${who} ${names ?? 'all'}${uncommittedOnly ? ' uncommitted' : ''}`,
    run: ({ attachments }) => {
      const [session, holder] = ownerOf(who)
      const released = names === undefined ? undefined : [...names].map(idOf)
      return attachments.manifest.releaseRefs(session, released, { holder, uncommittedOnly }).then(done)
    },
  }
}

/** A sweep without grace. */
export function claim(names = 'xy', more: Partial<OrphanQuery> = {}): Call {
  const run = (of: string) => async (actor: Actor) => {
    if (of === '') return []
    const query = { olderThanEpochMs: noGrace, limit: 10, ids: [...of].map(idOf), ...more }
    return given(await actor.attachments.manifest.claimOrphans(query))
  }
  const what = more.releasedOnly ? 'claim released' : more.staleClaimEpochMs === undefined ? 'claim' : 'take over'
  const name = `${what} ${names}`
  return {
    name,
    run: run(names),
    instead: partsOf(names).map(part => ({ name: `${name} as ${part}`, run: run(part) })),
  }
}

export function takeOver(names = 'xy'): Call {
  return claim(names, { staleClaimEpochMs: since })
}

/** All of the names but some, and none. */
function partsOf(names: string): string[] {
  const [first = '', ...rest] = names
  if (first === '') return []
  const others = partsOf(rest.join(''))
  return [...others, ...others.map(part => first + part), rest.join('')]
}

/** Says that the bytes of these claims are gone: of the claims of the scene, or of those of this actor. */
export function settle(names: string, whose: 'old' | 'own' = 'old', generation = 0): Call {
  return {
    name: `settle ${names}${whose === 'own' ? ' of its own' : ''}`,
    async run(actor) {
      const claims = whose === 'own' ? claimsIn(actor.results).map(claimOf) : []
      const old =
        whose === 'old' ? [...names].map(name => ({ attachmentId: idOf(name), generation, token: oldToken })) : []
      return actor.attachments.manifest.settleClaims([...claims, ...old]).then(done)
    },
  }
}

/** Forgets every tombstone. */
export function purge(): Call {
  const name = 'purge'
  return {
    name,
    run: actor => actor.purging.settleClaims([]).then(done),
    instead: [{ name: `${name} nothing`, run: async () => 'done' }],
  }
}

/** Of copies that the store is said to list: x0 is that of x at generation 0. */
export function audit(...copies: string[]): Call {
  const run = (some: readonly string[]) => async (actor: Actor) => {
    return given(await actor.attachments.manifest.claimBlobs(some.map(keyOf)))
  }
  const name = `audit ${copies.join(' ')}`
  const parts = partsOf(copies.map((_, index) => index).join('')).map(part => [...part].map(i => copies[Number(i)]!))
  return { name, run: run(copies), instead: parts.map(part => ({ name: `${name} as ${part}`, run: run(part) })) }
}

function keyOf(copy: string): AttachmentKey {
  return { id: idOf(copy[0]!), generation: Number(copy.slice(1)) }
}

export function forget(name: string): Call {
  return { name: `forget ${name}`, run: actor => actor.attachments.manifest.forget(idOf(name)).then(done) }
}

/** Somebody who has a row locked for a while: of a content or, with its session, of a ref. */
export function hold(name: string, session?: string): Call {
  return {
    name: `hold ${session === undefined ? '' : `${session} `}${name}`,
    async run(actor) {
      const client = await actor.connect()
      await client.query('BEGIN')
      await client.query(lockOf(actor.schema, idOf(name), session))
      await client.query('COMMIT')
      client.release()
      return 'done'
    },
  }
}

/** A claim as a call gave it. */
export interface GivenClaim {
  readonly claimed: AttachmentKey
  readonly token: string
}

function given(claims: readonly OrphanClaim[]): GivenClaim[] {
  return claims
    .map(({ attachmentId, generation, token }) => ({ claimed: { id: attachmentId, generation }, token }))
    .sort((a, b) => (keyText(a) < keyText(b) ? -1 : 1))
}

/** The claims among what calls gave. */
export function claimsIn(results: readonly unknown[]): GivenClaim[] {
  return results.flat().filter((result): result is GivenClaim => (result as GivenClaim | null)?.claimed !== undefined)
}

function keyText({ claimed }: GivenClaim): string {
  return `${claimed.id} ${claimed.generation}`
}

function claimOf({ claimed, token }: GivenClaim): OrphanClaim {
  return { attachmentId: claimed.id, generation: claimed.generation, token }
}

function done(): 'done' {
  return 'done'
}
