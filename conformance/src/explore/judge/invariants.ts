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
import type { World } from '../world/world.ts'

/** What must hold in every state: what was promised is there, and each session reads exactly what it holds. */
export async function checkState(world: World, { holdings }: Observation): Promise<void> {
  for (const [sessionId, held] of holdings) for (const holding of held) await checkHolding(world, sessionId, holding)
}

async function checkHolding(world: World, sessionId: string, { content, entry }: Holding): Promise<void> {
  const { id, name } = content
  const promised = world.history.promised(sessionId, id)
  if (promised !== undefined && !(isCommitted(entry) && entry?.generation === promised)) {
    world.blame('safety', `${sessionId} committed ${name}@${promised}, and its ref is now: ${describeEntry(entry)}`)
    return
  }
  if (promised === undefined && isCommitted(entry)) {
    world.blame('phantom commit', `the ref of ${sessionId} to ${name} is committed, and no commit of it succeeded`)
    return
  }
  const session = new SessionScopedAttachmentStore(world.store, world.manifest, sessionId)
  const stored = await session.get(id).catch((error: unknown) => error)
  if (stored instanceof Error) {
    if (promised !== undefined || isCommitted(entry)) {
      world.blame(
        'safety',
        `${sessionId} committed ${name}@${entry?.generation}, and reading it fails: ${stored.message}`,
      )
    } else if (!AttachmentNotFoundError.isInstance(stored)) {
      world.blame('unexpected error', `${sessionId} reads ${name}: ${stored.name}: ${stored.message}`)
    }
    return
  }
  const { bytes, meta } = stored as Awaited<ReturnType<typeof session.get>>
  if (!isLive(entry)) world.blame('isolation', `${sessionId} reads ${name}, and holds no live ref to it`)
  if (Buffer.compare(bytes, content.bytes) !== 0) world.blame('safety', `${sessionId} reads other bytes for ${name}`)
  if (meta.label !== sessionId)
    world.blame('isolation', `${sessionId} sees the label "${meta.label}" on its own ${name}`)
}

/** What a step of one session must not do: change what other sessions hold, or take away bytes that they could read. */
export function checkStep(world: World, actor: Actor, before: Observation, after: Observation): void {
  const own = world.tools.get(actor)?.session?.sessionId
  if (own === undefined) return
  for (const [sessionId, held] of before.holdings) {
    if (sessionId === own) continue
    for (const [index, { content, entry, present }] of held.entries()) {
      if (!isLive(entry)) continue
      const now = after.holdings.get(sessionId)?.[index]
      if (describeEntry(now?.entry) !== describeEntry(entry)) {
        const changed = `from "${describeEntry(entry)}" to "${describeEntry(now?.entry)}"`
        world.blame('isolation', `a step of ${own} changed the ref of ${sessionId} to ${content.name} ${changed}`)
      } else if (present && !now?.present) {
        world.blame(
          'isolation',
          `a step of ${own} took away the bytes of ${content.name} that ${sessionId} has a live ref to`,
        )
      }
    }
  }
}

/**
 * What must hold when every actor has stopped for ever: a sweep leaves what is committed and what only an audit can find; audits after it
 * leave exactly what is committed; and, once the sessions are released, both leave nothing.
 */
export async function checkProgress(world: World): Promise<void> {
  await world.abandon()
  await sweep(world)
  checkLeft(world, await observe(world), 'a sweep', key => world.history.isStray(key))
  await audit(world)
  const observation = await observe(world)
  await checkState(world, observation)
  checkLeft(world, observation, 'a sweep and audits', () => false)
  for (const sessionId of world.sessions) {
    world.history.released(sessionId, undefined)
    await world.manifest.releaseRefs(sessionId)
  }
  await sweep(world)
  await audit(world)
  checkLeft(world, await observe(world), 'the release of all sessions, a sweep and audits', () => false)
}

/** Nothing may be left but what is committed, and what is spared. */
function checkLeft(world: World, seen: Observation, after: string, spares: (key: AttachmentKey) => boolean): void {
  for (const { name, id } of world.contents) {
    const committed = [...seen.holdings.values()].flatMap(held =>
      held.flatMap(({ content, entry }) =>
        content.id === id && entry && isCommitted(entry) ? [entry.generation] : [],
      ),
    )
    for (const generation of seen.stored.get(name) ?? []) {
      // A stray above live content is spared until that is released: nothing tells it from a copy to come.
      if (committed.some(live => live <= generation) || spares({ id, generation })) continue
      world.blame('progress', `${name}@${generation} is left after ${after}, and nobody has committed it`)
    }
  }
}

function sweep({ manifest, store }: World): Promise<unknown> {
  return reclaimOrphanedAttachments(manifest, store, worstAge, { staleClaimEpochMs: worstAge })
}

/** Until one finds nothing: strays of several generations go one at a time. */
async function audit({ manifest, store }: World): Promise<void> {
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
