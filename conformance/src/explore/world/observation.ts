import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { does } from '../plans/plan.ts'
import type { Actor, Reply } from './actor.ts'
import { describeEntry, type GatedManifest } from './gated-manifest.ts'
import type { Hold } from './hold.ts'
import type { Content, Scene } from './scene.ts'
import type { World } from './world.ts'

/** What one holder has of one content. */
export interface Holding {
  readonly content: Content
  readonly entry: AttachmentManifestEntry | undefined
  /** Whether the store has the copy that the ref names. */
  readonly present: boolean
}

/** What one holder has of each content. */
export interface Holdings {
  readonly hold: Hold
  readonly held: readonly Holding[]
}

/** What can be seen of a scene from outside, between two steps. */
export interface Observation {
  /** Of each holder of the scene, in its order. */
  readonly holdings: readonly Holdings[]
  /** Generations in the store, by content. */
  readonly stored: ReadonlyMap<string, readonly number[]>
}

export async function observe({ contents, holds, store, manifest }: Scene): Promise<Observation> {
  const stored = new Map<string, number[]>()
  for (const { name, id } of contents) {
    const generations: number[] = []
    for await (const blob of store.list({ prefix: id })) generations.push(blob.generation)
    stored.set(
      name,
      generations.sort((a, b) => a - b),
    )
  }
  const holdings: Holdings[] = []
  for (const hold of holds) {
    const held: Holding[] = []
    for (const content of contents) {
      const entry = await manifest.lookup(hold.sessionId, content.id, { holder: hold.holder })
      const present = entry !== undefined && (stored.get(content.name)?.includes(entry.generation) ?? false)
      held.push({ content, entry, present })
    }
    holdings.push({ hold, held })
  }
  return { holdings, stored }
}

/**
 * A text that is the same for states from which the same can happen: it has what the manifest and the store hold,
 * where each actor is, and what each actor knows. It leaves out times and tokens, and actors that do the same on
 * their own are interchangeable; of sweepers, which remember nothing from one operation to the next, those are that
 * have the same left to do.
 */
export function keyOf(world: World, observation: Observation): string {
  const { scene } = world
  const contents = scene.contents.map(
    ({ name, id }) => `${name} ${scene.history.contents.describe(id, observation.stored.get(name) ?? [])}`,
  )
  const groups = new Map<string, string[]>()
  for (const actor of world.actors) {
    const group = groupOf(scene, actor)
    groups.set(group, [...(groups.get(group) ?? []), stateOf(world, observation, actor)])
  }
  const actors = [...groups.values()].map(states => states.sort().join('&'))
  return `${scene.history.contents.floor}|${contents.join(';')}|${actors.join('|')}|${world.failuresLeft}`
}

/** Those of a group are interchangeable: sweepers, and sessions that nobody else works on or adopts from. */
function groupOf({ plan }: Scene, { plan: { session, name, does: operations } }: Actor): string {
  if (session === undefined) return 'all sweepers'
  const isAlone = plan.actors.filter(other => other.session === session).length === 1 && !does(plan, 'adopt')
  return isAlone ? operations.join() : name
}

function stateOf({ scene, tools: toolsOfAll }: World, observation: Observation, actor: Actor): string {
  const tools = toolsOfAll.get(actor)
  const replies = actor.replies.map(reply => describe(scene, reply)).join()
  const session = tools?.session
  const operation = session === undefined ? actor.plan.does.slice(actor.operation).join() : actor.operation
  const position = actor.finished ? 'end' : `${operation} ${actor.stop?.phase} ${actor.stop?.what} (${replies})`
  const hold = scene.holds.find(
    ({ sessionId, holder }) => sessionId === session?.sessionId && holder === (session.holder ?? ''),
  )
  if (session === undefined || hold === undefined) return position
  const refs = [...(tools?.refs ?? [])].map(([name, ref]) => `${name}@${ref.generation ?? 0}`)
  const pending = session.pendingRefs().map(ref => scene.describeRef(ref))
  const bare = session.pendingManifestCommitIds().map(id => scene.nameOf(id))
  const { intents } = session.manifest as GatedManifest
  const held = observation.holdings[scene.holds.indexOf(hold)]?.held.map(holding =>
    describeHolding(scene, hold, holding),
  )
  return `${position} ${refs.join()};${pending.join()};${bare.join()};${intents};${held?.join()}`
}

function describeHolding({ history, clock }: Scene, hold: Hold, { content: { id }, entry }: Holding): string {
  if (entry === undefined) return `no ref ${history.promised(hold, id)?.generation}`
  const times = `${clock.describe(entry.intentAtEpochMs)}${clock.describe(entry.releasedAtEpochMs)}`
  const promised = history.promised(hold, id)
  if (promised !== undefined) {
    const said = entry.meta?.label === promised.label ? '' : ' renamed'
    return `${describeEntry(entry)} ${promised.generation}${said}${times}`
  }
  const committable = history.isCommittable(hold, { id, generation: entry.generation })
  return `${describeEntry(entry)}${committable ? ' committable' : ''}${times}`
}

/** Of a claim it matters what it claims and whether it still stands. */
function describe(scene: Scene, reply: Reply): string {
  if (typeof reply === 'string') return reply
  return reply
    .map(
      claim =>
        `${scene.nameOf(claim.attachmentId)}@${claim.generation}${scene.history.contents.stands(claim) ? '+' : '-'}`,
    )
    .join()
}
