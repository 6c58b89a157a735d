import {
  AttachmentIntentExpiredError,
  type AttachmentManifest,
  AttachmentNotFoundError,
  type AttachmentReclamationReport,
  type AttachmentRef,
  type AttachmentStore,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { HostTransaction } from '../../harness.ts'
import { judgeCommit } from '../judge/calls.ts'
import type { Operation } from '../plans/plan.ts'
import { type Actor, isInjected } from './actor.ts'
import { change, type Gate } from './gate.ts'
import type { Scene } from './scene.ts'

/** The worst age there is: everything uncommitted is old enough, and every claim is stale. */
export const worstAge: number = Number.MAX_SAFE_INTEGER

/** What one actor works with. */
export interface ActorTools {
  readonly actor: Actor
  readonly gate: Gate
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
  readonly session: SessionScopedAttachmentStore | undefined
  /** Refs of this actor's own puts, by content, as a host keeps them. */
  readonly refs: Map<string, AttachmentRef>
}

/** Does one operation with the real code. An expected failure ends the operation; any other failure is a violation. */
export async function perform(scene: Scene, tools: ActorTools, operation: Operation): Promise<void> {
  try {
    await start(scene, tools, operation)
  } catch (error) {
    if (isInjected(error) || isExpected(operation, error)) return
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    scene.blame('unexpected error', `${tools.actor.plan.name} failed to ${operation}: ${text}`)
  }
}

function isExpected(operation: Operation, error: unknown): boolean {
  if (operation.startsWith('read ')) return AttachmentNotFoundError.isInstance(error)
  return AttachmentIntentExpiredError.isInstance(error)
}

function start(scene: Scene, tools: ActorTools, operation: Operation): Promise<void> {
  const [verb, name = ''] = operation.split(' ', 2)
  switch (verb) {
    case 'sweep':
      return sweep(scene, tools, 'sweep')
    case 'audit':
      return sweep(scene, tools, 'audit')
    case 'put':
      return put(scene, tools, sessionOf(tools), name)
    case 'commit':
      return sessionOf(tools)
        .commit()
        .then(() => {})
    case 'commit-refs':
      return commitRefs(tools, sessionOf(tools))
    case 'commit-ids':
      return commitIds(tools, sessionOf(tools))
    case 'transaction':
      return transaction(scene, tools, sessionOf(tools), 'commit')
    case 'rollback':
      return transaction(scene, tools, sessionOf(tools), 'rollback')
    case 'release':
      return sessionOf(tools).release()
    case 'delete':
      return sessionOf(tools).delete(scene.content(name).id)
    case 'read':
      return read(scene, sessionOf(tools), name)
    default:
      throw new Error(`there is no operation ${operation}`)
  }
}

function sessionOf({ session, actor }: ActorTools): SessionScopedAttachmentStore {
  if (session === undefined) throw new Error(`the plan gives ${actor.plan.name} no session`)
  return session
}

async function put(
  scene: Scene,
  { refs }: ActorTools,
  session: SessionScopedAttachmentStore,
  name: string,
): Promise<void> {
  const ref = await session.put(scene.content(name).bytes, { mediaType: 'text/plain', label: session.sessionId })
  refs.set(name, ref)
}

/** A host that keeps refs and commits them itself. */
async function commitRefs({ manifest, refs }: ActorTools, session: SessionScopedAttachmentStore): Promise<void> {
  const kept = [...refs.values()]
  refs.clear()
  if (kept.length === 0) return
  await manifest.commitRefs(session.sessionId, kept)
  session.markManifestCommitted(kept.map(ref => ref.id))
}

/** A host that keeps only ids. */
async function commitIds({ manifest }: ActorTools, session: SessionScopedAttachmentStore): Promise<void> {
  const ids = session.pendingManifestCommitIds()
  if (ids.length === 0) return
  await manifest.commitRefs(session.sessionId, ids)
  session.markManifestCommitted(ids)
}

async function transaction(
  scene: Scene,
  { gate }: ActorTools,
  session: SessionScopedAttachmentStore,
  end: 'commit' | 'rollback',
): Promise<void> {
  const refs = session.pendingRefs()
  if (refs.length === 0) return
  const names = refs.map(ref => scene.describeRef(ref)).join(', ')
  const done = () => 'done'
  let open: HostTransaction | undefined
  const start = async () => {
    open = await begin(scene)
    await open.commitRefs(session.sessionId, refs)
  }
  const finish = async () => {
    const ending = open as HostTransaction
    open = undefined
    scene.transactions.delete(ending)
    if (end === 'rollback') return ending.rollback()
    await ending.commit()
    await judgeCommit(scene, session.sessionId, refs)
  }
  try {
    if (scene.plan.holdsTransactions) {
      await change(gate, `in a transaction: commitRefs ${names}`, start, done)
      await change(gate, end, finish, done)
    } else {
      await change(gate, `in a transaction: commitRefs ${names}, ${end}`, () => start().then(finish), done)
    }
  } catch (error) {
    // A database rolls back the transaction of a host that it no longer hears from.
    if (open !== undefined) {
      scene.transactions.delete(open)
      await open.rollback()
    }
    throw error
  }
  if (end === 'commit') session.markManifestCommitted(refs.map(ref => ref.id))
}

async function begin(scene: Scene): Promise<HostTransaction> {
  const begun = await scene.fixture.begin?.()
  if (begun === undefined) throw new Error('the harness has no transactions')
  scene.transactions.add(begun)
  return begun
}

async function read(scene: Scene, session: SessionScopedAttachmentStore, name: string): Promise<void> {
  const { id, bytes } = scene.content(name)
  const stored = await session.get(id)
  if (Buffer.compare(stored.bytes, bytes) !== 0)
    scene.blame('safety', `${session.sessionId} read other bytes for ${name}`)
}

async function sweep(scene: Scene, { manifest, store, actor }: ActorTools, kind: 'sweep' | 'audit'): Promise<void> {
  const report: AttachmentReclamationReport =
    kind === 'sweep'
      ? await reclaimOrphanedAttachments(manifest, store, worstAge, { staleClaimEpochMs: worstAge, concurrency: 1 })
      : await reclaimUnreferencedAttachments(manifest, store, worstAge, { concurrency: 1 })
  for (const { error } of report.failures) {
    if (!isInjected(error)) scene.blame('unexpected error', `${actor.plan.name} could not delete: ${error}`)
  }
}
