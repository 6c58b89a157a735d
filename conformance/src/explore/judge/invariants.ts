import {
  type AttachmentKey,
  type AttachmentManifestEntry,
  AttachmentNotFoundError,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { Actor } from '../world/actor.ts'
import { describeEntry } from '../world/gated-manifest.ts'
import { type Hold, nameOfHold } from '../world/hold.ts'
import { type Holding, type Observation, observe } from '../world/observation.ts'
import { worstAge } from '../world/operations.ts'
import type { Scene } from '../world/scene.ts'
import type { World } from '../world/world.ts'

/** What must hold in every state: what was promised is there, and each session reads exactly what it holds. */
export async function checkState(scene: Scene, { holdings }: Observation): Promise<void> {
  for (const { hold, held } of holdings) {
    for (const [index, holding] of held.entries()) {
      const inSession = holdings.flatMap(other =>
        other.hold.sessionId === hold.sessionId ? (other.held[index] ?? []) : [],
      )
      if (checkRef(scene, hold, holding)) await checkRead(scene, hold, holding, inSession)
    }
  }
}

/** Whether the ref is committed exactly when the holder was told so, and says what the holder said. */
function checkRef(scene: Scene, hold: Hold, { content: { id, name }, entry }: Holding): boolean {
  const who = nameOfHold(hold)
  const promised = scene.history.promised(hold, id)
  const label = entry?.meta?.label
  if (isLive(entry) && !scene.history.hasSaid(hold, id, label)) {
    scene.blame('isolation', `the ref of ${who} to ${name} has the label "${label}", which it never had`)
  } else if (promised === undefined) {
    if (!isCommitted(entry)) return true
    scene.blame('phantom commit', `the ref of ${who} to ${name} is committed, and no commit of it succeeded`)
  } else if (!isCommitted(entry) || entry?.generation !== promised.generation) {
    const now = describeEntry(entry)
    scene.blame('safety', `${who} committed ${name}@${promised.generation}, and its ref is now: ${now}`)
  } else if (label !== promised.label) {
    scene.blame('metadata', `${who} committed ${name} as "${promised.label}", and its ref now says "${label}"`)
  } else return true
  return false
}

/**
 * A holder reads the bytes if its session has a live ref, with the label of its own ref if it has one, and must read
 * them if one is committed.
 */
async function checkRead(scene: Scene, hold: Hold, { content, entry }: Holding, inSession: Holding[]): Promise<void> {
  const { id, name } = content
  const who = nameOfHold(hold)
  const live = inSession.flatMap(({ entry: one }) => (one !== undefined && isLive(one) ? one : []))
  const committed = live.filter(isCommitted)
  const session = new SessionScopedAttachmentStore(scene.store, scene.manifest, hold.sessionId, { holder: hold.holder })
  try {
    const { bytes, meta } = await session.get(id)
    if (live.length === 0) scene.blame('isolation', `${who} reads ${name}, and its session holds no live ref to it`)
    if (Buffer.compare(bytes, content.bytes) !== 0) scene.blame('safety', `${who} reads other bytes for ${name}`)
    const shown = isLive(entry) ? [entry] : committed.length > 0 ? committed : live
    if (shown.some(one => one?.meta?.label === meta.label)) return
    scene.blame('isolation', `${who} sees the label "${meta.label}" on ${name}, and its own is "${entry?.meta?.label}"`)
  } catch (error) {
    if (committed.length > 0)
      scene.blame('safety', `${who} or its session committed ${name}, and reading fails: ${error}`)
    else if (!AttachmentNotFoundError.isInstance(error))
      scene.blame('unexpected error', `${who} reads ${name}: ${error}`)
  }
}

/** What a step of one holder must not do: change what others hold, or take away bytes that they could read. */
export function checkStep({ scene }: World, actor: Actor, before: Observation, after: Observation): void {
  const own = scene.holdOf(actor.plan)
  if (own === undefined) return
  const isOwn = ({ sessionId, holder }: Hold) =>
    // The view of a whole session also lets go of what its holders have.
    sessionId === own.sessionId && (actor.plan.holder === undefined || holder === own.holder)
  for (const [number, { hold, held }] of before.holdings.entries()) {
    if (isOwn(hold)) continue
    for (const [index, { content, entry, present }] of held.entries()) {
      if (!isLive(entry)) continue
      const now = after.holdings[number]?.held[index]
      if (describeRef(now?.entry) !== describeRef(entry)) {
        const changed = `from "${describeRef(entry)}" to "${describeRef(now?.entry)}"`
        scene.blame(
          'isolation',
          `${actor.plan.name} changed the ref of ${nameOfHold(hold)} to ${content.name} ${changed}`,
        )
      } else if (present && !now?.present) {
        const lost = `the bytes of ${content.name} that ${nameOfHold(hold)} has a live ref to`
        scene.blame('isolation', `${actor.plan.name} took away ${lost}`)
      }
    }
  }
}

function describeRef(entry: AttachmentManifestEntry | undefined): string {
  return `${describeEntry(entry)} ${entry?.meta?.label}`
}

/**
 * What must hold when every actor has stopped for ever: a sweep leaves what is committed and what only an audit
 * can find; audits after it leave exactly what is committed; and when the sessions are released, both leave
 * nothing.
 */
export async function checkProgress(world: World): Promise<void> {
  const { scene } = world
  await world.abandon()
  await sweep(scene)
  checkLeft(scene, await observe(scene), 'a sweep', key => scene.history.contents.isStray(key))
  await audit(scene)
  const observation = await observe(scene)
  await checkState(scene, observation)
  checkLeft(scene, observation, 'a sweep and audits')
  for (const sessionId of scene.sessions) {
    scene.history.released(sessionId, undefined, undefined)
    await scene.manifest.releaseRefs(sessionId)
  }
  await sweep(scene)
  await audit(scene)
  checkLeft(scene, await observe(scene), 'the release of all sessions, a sweep and audits')
}

/** Nothing may be left but what is committed, and what the sweeps are not expected to find. */
function checkLeft(
  scene: Scene,
  { holdings, stored }: Observation,
  after: string,
  isSpared: (key: AttachmentKey) => boolean = () => false,
): void {
  const held = holdings.flatMap(({ held: one }) => one)
  for (const { name, id } of scene.contents) {
    const committed = held.flatMap(({ content, entry }) =>
      content.id === id && entry && isCommitted(entry) ? [entry.generation] : [],
    )
    for (const generation of stored.get(name) ?? []) {
      // A stray above live content is spared until that is released: nothing tells it from a copy to come.
      if (committed.some(live => live <= generation) || isSpared({ id, generation })) continue
      scene.blame('progress', `${name}@${generation} is left after ${after}, and nobody has committed it`)
    }
  }
}

function sweep({ manifest, store }: Scene): Promise<unknown> {
  return reclaimOrphanedAttachments(manifest, store, worstAge, { staleClaimEpochMs: worstAge })
}

/** Audits until one finds nothing: strays of several generations go one at a time. */
async function audit({ manifest, store }: Scene): Promise<void> {
  for (let round = 0; round < 8; round++) {
    const { reclaimedCount } = await reclaimUnreferencedAttachments(manifest, store, worstAge, { maxDeleteRatio: 1 })
    if (reclaimedCount === 0) return
  }
}

function isLive(entry: AttachmentManifestEntry | undefined): boolean {
  return entry !== undefined && entry.releasedAtEpochMs === undefined
}

function isCommitted(entry: AttachmentManifestEntry | undefined): boolean {
  return isLive(entry) && entry?.committedAtEpochMs !== undefined
}
