import type { AttachmentManifestEntry } from '@lash/attachments-core'
import type { Actor, Reply } from './actor.ts'
import { describeEntry, type GatedManifest } from './gated-manifest.ts'
import type { Content, Scene } from './scene.ts'
import type { World } from './world.ts'

/** What one session has of one content. */
export interface Holding {
  readonly content: Content
  readonly entry: AttachmentManifestEntry | undefined
  /** Whether the store has the copy that the ref names. */
  readonly present: boolean
}

/** What can be seen of a scene from outside, between two steps. */
export interface Observation {
  readonly holdings: ReadonlyMap<string, readonly Holding[]>
  /** Generations in the store, by content. */
  readonly stored: ReadonlyMap<string, readonly number[]>
}

export async function observe({ contents, sessions, store, manifest }: Scene): Promise<Observation> {
  const stored = new Map<string, number[]>()
  for (const { name, id } of contents) {
    const generations: number[] = []
    for await (const blob of store.list({ prefix: id })) generations.push(blob.generation)
    stored.set(
      name,
      generations.sort((a, b) => a - b),
    )
  }
  const holdings = new Map<string, Holding[]>()
  for (const sessionId of sessions) {
    const held: Holding[] = []
    for (const content of contents) {
      const entry = await manifest.lookup(sessionId, content.id)
      const present = entry !== undefined && (stored.get(content.name)?.includes(entry.generation) ?? false)
      held.push({ content, entry, present })
    }
    holdings.set(sessionId, held)
  }
  return { holdings, stored }
}

/**
 * A text that is the same for states from which the same can happen: it has what the manifest and the store hold,
 * where each actor is, and what each actor knows. It leaves out times and tokens, and actors that do the same on
 * their own are interchangeable.
 */
export function keyOf(world: World, observation: Observation): string {
  const { scene } = world
  const contents = scene.contents.map(
    ({ name, id }) => `${name} ${scene.history.describe(id, observation.stored.get(name) ?? [])}`,
  )
  const groups = new Map<string, string[]>()
  for (const actor of world.actors) {
    const group = isInterchangeable(scene, actor) ? actor.plan.does.join() : actor.plan.name
    groups.set(group, [...(groups.get(group) ?? []), stateOf(world, observation, actor)])
  }
  const actors = [...groups.values()].map(states => states.sort().join('&'))
  return `${contents.join(';')}|${actors.join('|')}|${world.failuresLeft}`
}

function isInterchangeable({ plan }: Scene, { plan: { session } }: Actor): boolean {
  return session === undefined || plan.actors.filter(other => other.session === session).length === 1
}

function stateOf({ scene, tools: toolsOfAll }: World, observation: Observation, actor: Actor): string {
  const tools = toolsOfAll.get(actor)
  const replies = actor.replies.map(reply => describe(scene, reply)).join()
  const position = actor.finished ? 'end' : `${actor.operation} ${actor.stop?.phase} ${actor.stop?.what} (${replies})`
  const session = tools?.session
  if (session === undefined) return position
  const refs = [...(tools?.refs ?? [])].map(([name, ref]) => `${name}@${ref.generation ?? 0}`)
  const pending = session.pendingRefs().map(ref => scene.describeRef(ref))
  const bare = session.pendingManifestCommitIds().map(id => scene.nameOf(id))
  const { intents } = session.manifest as GatedManifest
  const held = observation.holdings
    .get(session.sessionId)
    ?.map(holding => describeHolding(scene, session.sessionId, holding))
  return `${position} ${refs.join()};${pending.join()};${bare.join()};${intents};${held?.join()}`
}

function describeHolding({ history }: Scene, sessionId: string, { content: { id }, entry }: Holding): string {
  const promised = history.promised(sessionId, id)
  if (entry === undefined || promised !== undefined) return `${describeEntry(entry)} ${promised}`
  const committable = history.isCommittable(sessionId, { id, generation: entry.generation })
  return `${describeEntry(entry)}${committable ? ' committable' : ''}`
}

/** Of a claim it matters what it claims and whether it still stands. */
function describe(scene: Scene, reply: Reply): string {
  if (typeof reply === 'string') return reply
  return reply
    .map(claim => `${scene.nameOf(claim.attachmentId)}@${claim.generation}${scene.history.stands(claim) ? '+' : '-'}`)
    .join()
}
