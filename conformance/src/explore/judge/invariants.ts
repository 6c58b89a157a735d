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
import { type Holding, type Observation, observe } from '../world/observation.ts'
import { worstAge } from '../world/operations.ts'
import type { Scene } from '../world/scene.ts'
import type { World } from '../world/world.ts'

/** What must hold in every state: what was promised is there, and each session reads exactly what it holds. */
export async function checkState(scene: Scene, { holdings }: Observation): Promise<void> {
  for (const [sessionId, held] of holdings) {
    for (const holding of held) {
      if (checkRef(scene, sessionId, holding)) await checkRead(scene, sessionId, holding)
    }
  }
}

/** Whether the ref is committed exactly when the session was told so. */
function checkRef(scene: Scene, sessionId: string, { content: { id, name }, entry }: Holding): boolean {
  const promised = scene.history.promised(sessionId, id)
  if (promised === undefined) {
    if (!isCommitted(entry)) return true
    scene.blame('phantom commit', `the ref of ${sessionId} to ${name} is committed, and no commit of it succeeded`)
    return false
  }
  if (isCommitted(entry) && entry?.generation === promised) return true
  scene.blame('safety', `${sessionId} committed ${name}@${promised}, and its ref is now: ${describeEntry(entry)}`)
  return false
}

/** The session reads the bytes if it has a live ref, with its own label, and must read them if the ref is committed. */
async function checkRead(scene: Scene, sessionId: string, { content, entry }: Holding): Promise<void> {
  const { id, name } = content
  const session = new SessionScopedAttachmentStore(scene.store, scene.manifest, sessionId)
  try {
    const { bytes, meta } = await session.get(id)
    if (!isLive(entry)) scene.blame('isolation', `${sessionId} reads ${name}, and holds no live ref to it`)
    if (Buffer.compare(bytes, content.bytes) !== 0) scene.blame('safety', `${sessionId} reads other bytes for ${name}`)
    if (meta.label === sessionId) return
    scene.blame('isolation', `${sessionId} sees the label "${meta.label}" on its own ${name}`)
  } catch (error) {
    if (isCommitted(entry)) {
      scene.blame('safety', `${sessionId} committed ${name}@${entry?.generation}, and reading it fails: ${error}`)
    } else if (!AttachmentNotFoundError.isInstance(error)) {
      scene.blame('unexpected error', `${sessionId} reads ${name}: ${error}`)
    }
  }
}

/** What a step of one session must not do: change what other sessions hold, or take away bytes that they could read. */
export function checkStep({ scene, tools }: World, actor: Actor, before: Observation, after: Observation): void {
  const own = tools.get(actor)?.session?.sessionId
  if (own === undefined) return
  for (const [sessionId, held] of before.holdings) {
    if (sessionId === own) continue
    for (const [index, { content, entry, present }] of held.entries()) {
      if (!isLive(entry)) continue
      const now = after.holdings.get(sessionId)?.[index]
      if (describeEntry(now?.entry) !== describeEntry(entry)) {
        const changed = `from "${describeEntry(entry)}" to "${describeEntry(now?.entry)}"`
        scene.blame('isolation', `a step of ${own} changed the ref of ${sessionId} to ${content.name} ${changed}`)
      } else if (present && !now?.present) {
        const lost = `the bytes of ${content.name} that ${sessionId} has a live ref to`
        scene.blame('isolation', `a step of ${own} took away ${lost}`)
      }
    }
  }
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
  checkLeft(scene, await observe(scene), 'a sweep', key => scene.history.isStray(key))
  await audit(scene)
  const observation = await observe(scene)
  await checkState(scene, observation)
  checkLeft(scene, observation, 'a sweep and audits')
  for (const sessionId of scene.sessions) {
    scene.history.released(sessionId, undefined)
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
  const held = [...holdings.values()].flat()
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
    const { reclaimedCount } = await reclaimUnreferencedAttachments(manifest, store, worstAge)
    if (reclaimedCount === 0) return
  }
}

function isLive(entry: AttachmentManifestEntry | undefined): boolean {
  return entry !== undefined && entry.releasedAtEpochMs === undefined
}

function isCommitted(entry: AttachmentManifestEntry | undefined): boolean {
  return isLive(entry) && entry?.committedAtEpochMs !== undefined
}
