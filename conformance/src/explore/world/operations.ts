import {
  AttachmentIntentExpiredError,
  type AttachmentManifest,
  AttachmentNotFoundError,
  type AttachmentReclamationReport,
  type AttachmentRef,
  type AttachmentStore,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { HostTransaction } from '../../harness.ts'
import { judgeCommit } from '../judge/calls.ts'
import type { ClockSetting, Operation } from '../plans/plan.ts'
import { type Actor, isInjected } from './actor.ts'
import { endOfTime } from './clock.ts'
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
  if (/^(read|adopt) /.test(operation)) return AttachmentNotFoundError.isInstance(error)
  return AttachmentIntentExpiredError.isInstance(error)
}

function start(scene: Scene, tools: ActorTools, operation: Operation): Promise<void> {
  const [verb, name = '', from = ''] = operation.split(' ', 3)
  switch (verb) {
    case 'sweep':
      return sweep(scene, tools, worstAge)
    case 'sweep-by-clock':
      return sweep(scene, tools, scene.clock.now())
    case 'audit':
      return audit(scene, tools)
    case 'purge':
      return purge(scene, tools)
    case 'clock':
      return setClock(scene, tools, name as ClockSetting)
    case 'put':
      return put(scene, tools, sessionOf(tools), name)
    case 'commit':
      return sessionOf(tools)
        .commit()
        .then(() => {})
    case 'commit-refs':
      return commitRefs(tools, sessionOf(tools))
    case 'adopt':
      return adopt(scene, tools, sessionOf(tools), { name, from })
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
  { refs, actor }: ActorTools,
  session: SessionScopedAttachmentStore,
  name: string,
): Promise<void> {
  const label = `${actor.plan.name} ${actor.operation}`
  const ref = await session.put(scene.content(name).bytes, { mediaType: 'text/plain', label })
  refs.set(name, ref)
}

/** A message takes what its draft has, or a fork what a chat has. */
async function adopt(
  scene: Scene,
  { refs }: ActorTools,
  session: SessionScopedAttachmentStore,
  { name, from }: { readonly name: string; readonly from: string },
): Promise<void> {
  const { id, bytes } = scene.content(name)
  const [sessionName = '', holder] = from.split('/')
  const sessionId = scene.sessionId(sessionName)
  const source = new SessionScopedAttachmentStore(session.inner, session.manifest, sessionId, { holder })
  const held = scene.history.watchHolding(sessionId, id)
  const [ref] = await session.adopt([{ id, byteLength: bytes.byteLength, mediaType: 'text/plain' }], source)
  if (ref !== undefined) refs.set(name, ref)
  if (!held()) scene.blame('isolation', `${name} was adopted from ${from}, which did not hold it`)
}

/** A host that keeps refs, and gives them to a commit itself. */
async function commitRefs({ refs }: ActorTools, session: SessionScopedAttachmentStore): Promise<void> {
  const kept = [...refs.values()]
  refs.clear()
  await session.commit({ refs: kept })
}

/** A host that keeps only ids. */
async function commitIds({ manifest }: ActorTools, session: SessionScopedAttachmentStore): Promise<void> {
  const ids = session.pendingManifestCommitIds()
  if (ids.length === 0) return
  await manifest.commitRefs(session.sessionId, ids, holderOf(session))
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
    await open.commitRefs(session.sessionId, refs, holderOf(session))
  }
  const finish = async () => {
    const ending = open as HostTransaction
    open = undefined
    scene.transactions.delete(ending)
    if (end === 'rollback') return ending.rollback()
    await ending.commit()
    await judgeCommit(scene, { sessionId: session.sessionId, ...holderOf(session) }, refs)
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

function holderOf({ holder = '' }: SessionScopedAttachmentStore): { holder: string } {
  return { holder }
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

async function sweep(scene: Scene, { manifest, store, actor }: ActorTools, olderThan: number): Promise<void> {
  const options = { staleClaimEpochMs: olderThan, concurrency: 1 }
  checkReport(scene, actor, await reclaimOrphanedAttachments(manifest, store, olderThan, options))
}

async function audit(scene: Scene, { manifest, store, actor }: ActorTools): Promise<void> {
  const options = { maxDeleteRatio: 1, concurrency: 1 }
  checkReport(scene, actor, await reclaimUnreferencedAttachments(manifest, store, worstAge, options))
}

function checkReport(scene: Scene, { plan }: Actor, { failures }: AttachmentReclamationReport): void {
  for (const { error } of failures) {
    if (!isInjected(error)) scene.blame('unexpected error', `${plan.name} could not delete: ${error}`)
  }
}

function purge({ clock, history, manifest }: Scene, { gate }: ActorTools): Promise<void> {
  const forget = () => clock.atEnd(() => manifest.settleClaims([]))
  return change(gate, 'purge', forget, () => {
    history.contents.purged(endOfTime)
    return 'purged'
  })
}

function setClock({ clock }: Scene, { gate }: ActorTools, setting: ClockSetting): Promise<void> {
  return change(
    gate,
    `clock ${setting}`,
    async () => clock.set(setting),
    () => 'set',
  )
}
