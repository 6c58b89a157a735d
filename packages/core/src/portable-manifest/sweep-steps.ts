import type { AttachmentId } from '../content/id.ts'
import type { OrphanClaim, OrphanQuery } from '../manifest/manifest.ts'
import type { ListedContent } from '../manifest/manifest-base.ts'
import { ageOf, isCommitted, isLive } from '../manifest/ref-state.ts'
import type { AttachmentKey } from '../store/driver.ts'
import { claimContent, contentAt, dropRef, refAt, setContent } from './changes.ts'
import { contentFence, contentKey, floorKey, refsTo, startingWith } from './keys.ts'
import { type ContentRow, isTombstone, type RefRow, rowIn } from './rows.ts'
import { floorOf } from './session-steps.ts'
import type { View } from './view.ts'

/*
 * The sweeper's side of the reclaim protocol.
 */

type DueQuery = Pick<OrphanQuery, 'olderThanEpochMs' | 'releasedOnly'>

/** Whether a sweep has no use for the ref. */
export function isDue(ref: RefRow, { olderThanEpochMs, releasedOnly }: DueQuery): boolean {
  return !isCommitted(ref) && ageOf(ref) <= olderThanEpochMs && (releasedOnly !== true || !isLive(ref))
}

/** Claims content of which every ref is due, up to a number of claims, and drops what is due of the rest. */
export async function claimOrphans(
  view: View,
  ids: readonly AttachmentId[],
  query: OrphanQuery,
  limit: number,
  now: number,
): Promise<OrphanClaim[]> {
  const refsOf = await refsAndFences(view, ids)
  const claims: OrphanClaim[] = []
  for (const [index, id] of ids.entries()) {
    if (claims.length === limit) break
    const claim = claimOrphan(view, id, refsOf[index] as string[], query, now)
    if (claim !== undefined) claims.push(claim)
  }
  return claims
}

function claimOrphan(
  view: View,
  id: AttachmentId,
  keys: readonly string[],
  query: OrphanQuery,
  now: number,
): OrphanClaim | undefined {
  if (keys.length === 0) return undefined
  // One that stays is reason enough: whatever becomes of the others, the content is not claimed.
  const kept = keys.find(key => !isDue(peekedRef(view, key), query))
  if (kept === undefined) {
    const generation = contentAt(view, id)?.generation ?? 0
    dropAll(view, id, keys)
    return claimContent(view, id, generation, now)
  }
  if (query.releasedOnly === true) return undefined
  const dropped = keys.filter(key => isDue(peekedRef(view, key), query))
  if (dropped.length > 0) view.get(kept)
  for (const key of dropped) drop(view, key)
  return undefined
}

/** Looks at all refs of each content. Their fences were looked at before, for those who rely on having them all. */
async function refsAndFences(view: View, ids: readonly AttachmentId[]): Promise<string[][]> {
  await view.look(ids.flatMap(id => [contentKey(id), contentFence(id)]))
  return view.lookInto(ids.map(id => startingWith(refsTo(id))))
}

function peekedRef(view: View, key: string): RefRow {
  return rowIn<RefRow>(view.peek(key) as string)
}

/** The row of the content must change, too: only so may the fence go. */
function dropAll(view: View, id: AttachmentId, keys: readonly string[]): void {
  view.get(contentFence(id))
  view.delete(contentFence(id))
  for (const key of keys) drop(view, key)
}

function drop(view: View, key: string): void {
  const ref = refAt(view, key)
  if (ref !== undefined) dropRef(view, key, ref)
}

/**
 * Drops refs that are due while one is left, for content with more refs than one step takes. Only this is done in
 * advance of the step: a claim drops the last one itself.
 */
export async function thin(
  view: View,
  keys: readonly string[],
  kept: string,
  isDropped: (ref: RefRow) => boolean,
): Promise<void> {
  await view.look([kept, ...keys])
  if (view.get(kept) === undefined) return
  for (const key of keys) {
    const ref = refAt(view, key)
    if (ref !== undefined && isDropped(ref)) dropRef(view, key, ref)
  }
}

/** Takes over the claims that are stale. */
export async function takeOver(
  view: View,
  ids: readonly AttachmentId[],
  staleClaimEpochMs: number,
  limit: number,
  now: number,
): Promise<OrphanClaim[]> {
  await view.look(ids.map(contentKey))
  const isStale = (id: AttachmentId) => {
    const row = rowIn<ContentRow>(view.peek(contentKey(id)))
    return row?.claim !== undefined && (row.since as number) <= staleClaimEpochMs
  }
  return ids
    .filter(isStale)
    .slice(0, limit)
    .map(id => claimContent(view, id, contentAt(view, id)?.generation ?? 0, now))
}

/** Of each content, the highest copy that a store lists: claims it if nobody has use for it. */
export async function claimListed(
  view: View,
  copies: readonly AttachmentKey[],
  dryRun: boolean,
  now: number,
): Promise<ListedContent[]> {
  await view.look([floorKey, ...copies.map(({ id }) => contentKey(id))])
  return copies.map(({ id, generation }) => {
    const row = contentAt(view, id)
    const lowest = row?.generation ?? floorOf(view)
    const isUnreferenced = row === undefined || isTombstone(row)
    // Nobody writes below that any more, so nothing has to know of a claim there.
    if (generation < lowest || !isUnreferenced) return { id, generation: lowest }
    if (dryRun) return { id, generation, token: crypto.randomUUID() }
    return { id, generation, token: claimContent(view, id, generation, now).token }
  })
}

/** Ends the claims that still stand: their content is a tombstone at the next generation. */
export async function settle(view: View, claims: readonly OrphanClaim[], now: number): Promise<void> {
  await view.look(claims.map(({ attachmentId }) => contentKey(attachmentId)))
  for (const { attachmentId: id, token } of claims) {
    const row = contentAt(view, id)
    if (row?.claim === undefined || row.claim !== token) continue
    setContent(view, id, row, { generation: row.generation + 1, since: now })
  }
}

/** Forgets the tombstones that are old enough, and raises the floor above every generation that they have given out. */
export async function purge(view: View, ids: readonly AttachmentId[], until: number): Promise<void> {
  await view.look([floorKey, ...ids.map(contentKey)])
  let floor = floorOf(view)
  for (const id of ids) {
    const row = contentAt(view, id)
    if (row === undefined || !isTombstone(row) || row.since > until) continue
    floor = Math.max(floor, row.generation)
    setContent(view, id, row, undefined)
  }
  if (floor > floorOf(view)) view.set(floorKey, String(floor))
}

/** Drops all refs, and any claim: the content is a tombstone at the next generation. */
export async function forget(view: View, id: AttachmentId, now: number): Promise<void> {
  const [keys = []] = await refsAndFences(view, [id])
  const row = contentAt(view, id)
  if (row === undefined) return
  dropAll(view, id, keys)
  setContent(view, id, row, { generation: row.generation + 1, since: now })
}
