import { createHash } from 'node:crypto'
import { type AttachmentRef, AttachmentStoreError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { savedTurns } from './host/conversations.ts'
import type { Host } from './host/host.ts'
import type { Verification } from './report.ts'

/** Reads in flight at a time. */
const concurrency = 16

/**
 * Goes from what the host has saved: every attachment of every turn is read and hashed, the manifest must hold the same
 * refs and no others, and the bucket exactly the copies that they name.
 */
export async function verify(host: Host): Promise<Verification> {
  const started = performance.now()
  const { conversations, turns } = await attachmentsOfTurns(host)
  const refs = [...conversations].flatMap(([conversationId, held]) =>
    [...held.values()].map(each => ({ conversationId, ...each })),
  )
  const wrong = await readAll(host, refs)
  const disagreements = await compareWithManifest(host, conversations)
  const expected = new Set(refs.map(({ ref }) => copyName(ref)))
  const copies = await copiesInBucket(host)
  return {
    conversations: conversations.size,
    turns,
    refs: refs.length,
    bytes: refs.reduce((sum, { ref }) => sum + ref.byteLength, 0),
    right: refs.length - wrong.length,
    wrong,
    disagreements,
    copies: copies.size,
    unexpectedCopies: [...copies].filter(name => !expected.has(name)),
    missingCopies: [...expected].filter(name => !copies.has(name)),
    milliseconds: performance.now() - started,
  }
}

/** By conversation, and by turn and id. Turns that have the same bytes hold a ref each. */
type HeldRefs = Map<string, Map<string, HeldRef>>

interface HeldRef {
  readonly turnId: string
  readonly ref: AttachmentRef
}

async function attachmentsOfTurns({ pool }: Host): Promise<{ conversations: HeldRefs; turns: number }> {
  const conversations: HeldRefs = new Map()
  let turns = 0
  for await (const { id: turnId, conversationId, attachments } of savedTurns(pool)) {
    turns++
    const held = conversations.get(conversationId) ?? new Map()
    conversations.set(conversationId, held)
    for (const ref of attachments) held.set(refName(turnId, ref.id), { turnId, ref })
  }
  return { conversations, turns }
}

async function readAll(
  host: Host,
  refs: readonly (HeldRef & { conversationId: string })[],
): Promise<Verification['wrong']> {
  const wrong: Verification['wrong'] = []
  const waiting = refs.values()
  const reader = async () => {
    for (const { conversationId, turnId, ref } of waiting) {
      const found = await digestOf(host, conversationId, turnId, ref)
      if (found !== ref.id) wrong.push({ conversationId, id: ref.id, found })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, reader))
  return wrong
}

/** The digest or, when it cannot be read, why not. Computed apart from the library. */
async function digestOf(
  { store, manifest }: Host,
  conversationId: string,
  turnId: string,
  ref: AttachmentRef,
): Promise<string> {
  const holder = new SessionScopedAttachmentStore(store, manifest, conversationId, { holder: turnId })
  try {
    const { body, meta } = await holder.stream(ref.id, { generation: ref.generation ?? 0 })
    const hash = createHash('sha256')
    for await (const chunk of body) hash.update(chunk)
    const digest = hash.digest('hex')
    return meta.byteLength === ref.byteLength ? digest : `${digest} of ${meta.byteLength} bytes`
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return `unreadable: ${error.code}`
    throw error
  }
}

async function compareWithManifest({ manifest }: Host, conversations: HeldRefs): Promise<string[]> {
  const disagreements: string[] = []
  for (const [conversationId, held] of conversations) {
    const unseen = new Map(held)
    for await (const entry of manifest.listRefs(conversationId)) {
      const { holder, attachmentId: id, generation, committedAtEpochMs, releasedAtEpochMs } = entry
      const saved = unseen.get(refName(holder, id))
      unseen.delete(refName(holder, id))
      const isCommitted = committedAtEpochMs !== undefined && releasedAtEpochMs === undefined
      if (saved === undefined) disagreements.push(`${conversationId} holds ${id}, which no turn mentions`)
      else if (!isCommitted) disagreements.push(`${conversationId} has ${id} in a turn and has not committed it`)
      else if ((saved.ref.generation ?? 0) !== generation) {
        disagreements.push(`${conversationId} has committed ${id} at another generation than its turn says`)
      }
    }
    for (const { ref } of unseen.values()) {
      disagreements.push(`${conversationId} has ${ref.id} in a turn and does not hold it`)
    }
  }
  return disagreements
}

async function copiesInBucket({ store }: Host): Promise<Set<string>> {
  const copies = new Set<string>()
  for await (const copy of store.list()) copies.add(copyName(copy))
  return copies
}

function refName(turnId: string, id: string): string {
  return `${turnId} ${id}`
}

function copyName({ id, generation = 0 }: { id: string; generation?: number }): string {
  return `${id}, generation ${generation}`
}
