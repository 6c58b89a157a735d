import {
  type AttachmentManifestEntry,
  AttachmentNotFoundError,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { Actor } from './actor.ts'
import { describeEntry } from './gated-manifest.ts'
import { type Holding, type Observation, observe } from './observation.ts'
import { worstAge } from './operations.ts'
import type { World } from './world.ts'

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
  const own = world.workplaces.get(actor)?.session?.sessionId
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
 * What must hold when every actor has stopped for ever: one sweep and one audit bring the store to exactly what is committed, and, once
 * the sessions are released, to nothing.
 */
export async function checkProgress(world: World): Promise<void> {
  await world.abandon()
  await sweepAndAudit(world)
  const observation = await observe(world)
  await checkState(world, observation)
  for (const { name } of world.contents) {
    const committed = [...observation.holdings.values()].flatMap(held =>
      held
        .filter(({ content, entry }) => content.name === name && isCommitted(entry))
        .map(({ entry }) => entry?.generation),
    )
    // A stray above the generation of live content is spared until the content is released: nothing tells it from a copy to come.
    const spared = Math.max(-1, ...committed.map(generation => generation ?? 0))
    const left =
      observation.stored.get(name)?.filter(one => !committed.includes(one) && !(spared >= 0 && one > spared)) ?? []
    if (left.length > 0) world.blame('progress', `sweeps leave ${name}@${left.join(', @')}, which nobody has committed`)
  }
  for (const sessionId of world.sessions) {
    world.history.released(sessionId, undefined)
    await world.manifest.releaseRefs(sessionId)
  }
  await sweepAndAudit(world)
  const { stored } = await observe(world)
  for (const [name, generations] of stored) {
    if (generations.length > 0)
      world.blame('progress', `every session is released, and sweeps leave ${name}@${generations}`)
  }
}

async function sweepAndAudit({ manifest, store }: World): Promise<void> {
  await reclaimOrphanedAttachments(manifest, store, worstAge, { staleClaimEpochMs: worstAge })
  await reclaimUnreferencedAttachments(manifest, store, worstAge)
}

function isLive(entry: AttachmentManifestEntry | undefined): boolean {
  return entry !== undefined && entry.releasedAtEpochMs === undefined
}

function isCommitted(entry: AttachmentManifestEntry | undefined): boolean {
  return isLive(entry) && entry?.committedAtEpochMs !== undefined
}
