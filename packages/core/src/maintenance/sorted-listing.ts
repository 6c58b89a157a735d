import { type AttachmentKey, physicalName } from '../store/driver.ts'
import type { AttachmentListing, AttachmentStore } from '../store/store.ts'

/** Most listed copies that are held to be sorted: about a megabyte. */
const heldCount = 5000
const idLength = 64
const digits = [...'0123456789abcdef']

/** What a store has under one prefix, in the order of ids and generations. */
export interface ListedShard {
  readonly prefix: string
  readonly copies: readonly AttachmentListing[]
}

/**
 * Everything that a store lists, in the order of ids and generations, which a listing by itself need not have. A shard
 * is as much as can be held and sorted. Where a prefix has more, its listing is left, and its sixteen longer prefixes
 * are listed instead, each from its beginning. Ids are spread evenly, so a store of any size is listed little more than
 * once.
 */
export async function* sortedListing(
  store: AttachmentStore,
  prefix: string,
  after: AttachmentKey | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedShard, void, void> {
  const prefixes = [prefix]
  /** Shorter prefixes have too much: where one of them had, the others are not tried. */
  let leastLength = 0
  for (;;) {
    const next = prefixes.pop()
    if (next === undefined) return
    if (after !== undefined && next < after.id.slice(0, next.length)) continue
    const copies = next.length < leastLength ? undefined : await listedUnder(store, next, signal)
    if (copies === undefined) {
      leastLength = Math.max(leastLength, next.length + 1)
      prefixes.push(...digits.map(digit => next + digit).reverse())
    } else {
      yield {
        prefix: next,
        copies: copies.filter(copy => after === undefined || inOrder(after, copy) < 0).sort(inOrder),
      }
    }
  }
}

/**
 * The names of the copies that the store lists under the prefix. Undefined when they are too many to be held: then a
 * look at each copy costs less than the rest of the listing.
 */
export async function namesUnder(
  store: AttachmentStore,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string> | undefined> {
  const copies = await listedUnder(store, prefix, signal)
  return copies && new Set(copies.map(physicalName))
}

async function listedUnder(
  store: AttachmentStore,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<AttachmentListing[] | undefined> {
  const copies: AttachmentListing[] = []
  for await (const copy of store.list({ prefix, signal })) {
    if (copies.push(copy) > heldCount && prefix.length < idLength) return undefined
  }
  return copies
}

function inOrder(one: AttachmentKey, other: AttachmentKey): number {
  if (one.id !== other.id) return one.id < other.id ? -1 : 1
  return one.generation - other.generation
}
