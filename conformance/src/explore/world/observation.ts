import type { AttachmentManifestEntry } from '@lash/attachments-core'
import type { ActorPlan } from '../plans/plan.ts'
import type { Actor, Reply } from './actor.ts'
import { describeEntry, type GatedManifest } from './gated-manifest.ts'
import type { Content } from './scene.ts'
import type { World } from './world.ts'

/** What one session has of one content. */
export interface Holding {
  readonly content: Content
  readonly entry: AttachmentManifestEntry | undefined
  /** Whether the copy that the ref names is in the store. */
  readonly present: boolean
}

/** What can be seen of a world from outside, between two steps. */
export interface Observation {
  readonly holdings: ReadonlyMap<string, readonly Holding[]>
  /** Generations in the store, by content. */
  readonly stored: ReadonlyMap<string, readonly number[]>
}

export async function observe(world: World): Promise<Observation> {
  const stored = new Map<string, number[]>()
  for (const { name, id } of world.contents) {
    const generations: number[] = []
    for await (const blob of world.store.list({ prefix: id })) generations.push(blob.generation)
    stored.set(
      name,
      generations.sort((a, b) => a - b),
    )
  }
  const holdings = new Map<string, Holding[]>()
  for (const sessionId of world.sessions) {
    const held: Holding[] = []
    for (const content of world.contents) {
      const entry = await world.manifest.lookup(sessionId, content.id)
      const present = entry !== undefined && (stored.get(content.name)?.includes(entry.generation) ?? false)
      held.push({ content, entry, present })
    }
    holdings.set(sessionId, held)
  }
  return { holdings, stored }
}

/**
 * A text that is the same for states from which the same can happen: what the manifest and the store hold, and where each actor is and
 * what it knows. Times and tokens are left out; actors that do the same on their own are interchangeable.
 */
export function keyOf(world: World, observation: Observation): string {
  const contents = world.contents.map(
    ({ name, id }) => `${name} ${world.history.describe(id, observation.stored.get(name) ?? [])}`,
  )
  const groups = new Map<string, string[]>()
  for (const actor of world.actors) {
    const group = interchangeable(world, actor) ? actor.plan.does.join() : actor.plan.name
    const state = stateOf(world, observation, actor)
    const others = groups.get(group)
    if (others === undefined) groups.set(group, [state])
    else others.push(state)
  }
  const actors = [...groups.values()].map(states => states.sort().join('&'))
  return `${contents.join(';')}|${actors.join('|')}|${world.failuresLeft}`
}

function interchangeable(world: World, actor: Actor): boolean {
  const { session } = actor.plan
  return session === undefined || world.plan.actors.filter((other: ActorPlan) => other.session === session).length === 1
}

function stateOf(world: World, observation: Observation, actor: Actor): string {
  const tools = world.tools.get(actor)
  const replies = actor.replies.map(reply => describe(world, reply)).join()
  const position = actor.finished ? 'end' : `${actor.operation} ${actor.stop?.phase} ${actor.stop?.what} (${replies})`
  const session = tools?.session
  if (session === undefined) return position
  const refs = [...(tools?.refs ?? [])].map(([name, ref]) => `${name}@${ref.generation ?? 0}`)
  const pending = session.pendingRefs().map(ref => world.describeRef(ref))
  const bare = session.pendingManifestCommitIds().map(id => world.nameOf(id))
  const held = observation.holdings
    .get(session.sessionId)
    ?.map(holding => describeHolding(world, session.sessionId, holding))
  return `${position} ${refs.join()};${pending.join()};${bare.join()};${(session.manifest as GatedManifest).intents};${held?.join()}`
}

function describeHolding({ history }: World, sessionId: string, { content: { id }, entry }: Holding): string {
  const promised = history.promised(sessionId, id)
  if (entry === undefined || promised !== undefined) return `${describeEntry(entry)} ${promised}`
  const committable = history.isCommittable(sessionId, { id, generation: entry.generation })
  return `${describeEntry(entry)}${committable ? ' committable' : ''}`
}

/** Of a claim only whether it still stands matters, and what it is to. */
function describe(world: World, reply: Reply): string {
  if (typeof reply === 'string') return reply
  return reply
    .map(claim => `${world.nameOf(claim.attachmentId)}@${claim.generation}${world.history.stands(claim) ? '+' : '-'}`)
    .join()
}
