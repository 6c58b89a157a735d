import type { AttachmentId } from '../content/id.ts'
import type { CheckedIntent, CommitTarget } from '../manifest/checks.ts'
import { comesBefore, isCommitted, isLive } from '../manifest/ref-state.ts'
import { addRef, changeRef, contentAt, refAt, setContent } from './changes.ts'
import { contentKey, floorKey, heldBy, refKey, refOfHeld, refsOfSessionTo, sessionFence, startingWith } from './keys.ts'
import type { RefRow } from './rows.ts'
import type { View } from './view.ts'

/*
 * The session's side of the reclaim protocol.
 */

/** Returns the generation at which to put the bytes. */
export async function recordIntent(view: View, intent: CheckedIntent): Promise<number> {
  const { attachmentId: id, sessionId, holder } = intent
  const key = refKey(id, sessionId, holder)
  await view.look([contentKey(id), floorKey, key])
  const generation = revive(view, id)
  const held = refAt(view, key)
  const ref = refOf(intent, generation)
  if (held === undefined) addRef(view, key, ref)
  else if (isCommitted(held) && held.generation === generation) {
    // What is committed keeps all but its time: another draft of the same bytes does not rename a message's file.
    const byteLength = held.byteLength ?? ref.byteLength
    changeRef(view, key, held, { ...held, byteLength, intentAt: ref.intentAt })
  } else changeRef(view, key, held, ref)
  return generation
}

/** Content under a claim moves to its next generation, and loses the claim. Unknown content starts at the floor. */
function revive(view: View, id: AttachmentId): number {
  const row = contentAt(view, id)
  if (row !== undefined && row.since === undefined) return row.generation
  const generation = row === undefined ? floorOf(view) : row.generation + (row.claim === undefined ? 0 : 1)
  setContent(view, id, row, { generation })
  return generation
}

/** Where content without a row starts. The key was looked at. */
export function floorOf(view: View): number {
  return Number(view.get(floorKey) ?? 0)
}

function refOf({ sessionId, holder, byteLength, intentAtEpochMs, meta }: CheckedIntent, generation: number): RefRow {
  return { sessionId, holder, generation, byteLength, intentAt: intentAtEpochMs, meta }
}

/** Commits all targets, or none and returns the ids that cannot be committed. */
export async function commit(
  view: View,
  sessionId: string,
  holder: string,
  targets: readonly CommitTarget[],
  now: number,
): Promise<AttachmentId[]> {
  await view.look(targets.flatMap(({ id }) => [contentKey(id), refKey(id, sessionId, holder)]))
  const failed = new Set<AttachmentId>()
  for (const { id, generation } of targets) {
    const key = refKey(id, sessionId, holder)
    const ref = refAt(view, key)
    if (!mayCommit(view, id, ref, generation)) failed.add(id)
    else if (ref.committedAt === undefined) changeRef(view, key, ref, { ...ref, committedAt: now })
  }
  if (failed.size > 0) view.writes.clear()
  return [...failed]
}

/** Without a generation, as for a bare id: at that of the ref. */
function mayCommit(
  view: View,
  id: AttachmentId,
  ref: RefRow | undefined,
  generation: number | undefined,
): ref is RefRow {
  const content = contentAt(view, id)
  return (
    ref !== undefined &&
    isLive(ref) &&
    content?.claim === undefined &&
    content?.generation === ref.generation &&
    (generation ?? ref.generation) === ref.generation
  )
}

/** Which refs of a session a call concerns. Ids undefined: all. Holder undefined: every holder. */
export interface RefChoice {
  readonly sessionId: string
  readonly holder: string | undefined
  readonly ids: readonly AttachmentId[] | undefined
}

/** Looks at the refs, and returns their keys. */
export async function chosenRefs(view: View, { sessionId, holder, ids }: RefChoice): Promise<string[]> {
  if (ids !== undefined && holder !== undefined) {
    const keys = [...new Set(ids)].map(id => refKey(id, sessionId, holder))
    await view.look(keys)
    return keys
  }
  const fence = sessionFence(sessionId)
  await view.look([fence])
  view.get(fence)
  if (ids !== undefined) {
    const refs = await view.lookInto([...new Set(ids)].map(id => startingWith(refsOfSessionTo(id, sessionId))))
    return refs.flat()
  }
  const [held = []] = await view.lookInto([startingWith(heldBy(sessionId, holder))])
  const keys = held.map(refOfHeld)
  await view.look(keys)
  return keys
}

/** Releases the refs of keys that were looked at. */
export function release(view: View, keys: readonly string[], uncommittedOnly: boolean, now: number): void {
  for (const key of keys) {
    const ref = refAt(view, key)
    if (ref === undefined || !isLive(ref) || (uncommittedOnly && isCommitted(ref))) continue
    changeRef(view, key, ref, { ...ref, releasedAt: now })
  }
}

/** The ref that a reader of the session finds. */
export async function find(view: View, choice: RefChoice): Promise<RefRow | undefined> {
  let found: RefRow | undefined
  for (const key of await chosenRefs(view, choice)) {
    const ref = refAt(view, key)
    if (ref !== undefined && (found === undefined || comesBefore(ref, found))) found = ref
  }
  return found
}
