import assert from 'node:assert/strict'
import {
  type AttachmentId,
  type AttachmentListing,
  AttachmentNotFoundError,
  type AttachmentReclamationReport,
  type AttachmentRef,
  type AttachmentStore,
  contentId,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { AttachmentPair, SessionFixture } from '../harness.ts'
import type { CaseContext } from '../run/context.ts'
import { Gate } from './gates.ts'

/** The steps that the session cases are made of. */

/** After every time that a case or a clock here uses: a sweep at it has no grace at all. */
export const noGrace: number = Date.UTC(2200, 0)

export const textMeta = { mediaType: 'text/plain' }

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function idOf(text: string): AttachmentId {
  return contentId(bytesOf(text))
}

/** The view of one session. */
export function sessionOf(pair: AttachmentPair, sessionId: string): SessionScopedAttachmentStore {
  return new SessionScopedAttachmentStore(pair.store, pair.manifest, sessionId)
}

/** A gate that opens at the end of the case, if that has not opened it: a case that fails leaves nobody waiting. */
export function gateOf(context: CaseContext<SessionFixture>): Gate {
  const gate = new Gate()
  context.defer(async () => gate.open())
  return gate
}

/** Something that goes on while the case does. The case awaits it in the end; when it fails before that, nobody does, and that is fine. */
export function inBackground<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {})
  return work
}

export function put(session: AttachmentStore, text: string): Promise<AttachmentRef> {
  return session.put(bytesOf(text), textMeta)
}

/** Puts a text and commits it. */
export async function hold(session: SessionScopedAttachmentStore, text: string): Promise<AttachmentRef> {
  const ref = await put(session, text)
  await session.commit()
  return ref
}

/** Puts so many texts that nobody commits. */
export async function putOrphans(pair: AttachmentPair, count: number): Promise<string[]> {
  const session = sessionOf(pair, 'session')
  const texts = Array.from({ length: count }, (_, index) => `orphan ${index}`)
  await Promise.all(texts.map(text => put(session, text)))
  return texts
}

/** A sweep without grace. It takes over claims that were made before it began. */
export function sweep(pair: AttachmentPair): Promise<AttachmentReclamationReport> {
  return reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace)
}

/** As {@link sweep}, and presumes every other sweeper dead. */
export function takeOverSweep(pair: AttachmentPair): Promise<AttachmentReclamationReport> {
  return reclaimOrphanedAttachments(pair.manifest, pair.store, noGrace, { staleClaimEpochMs: noGrace })
}

export function audit(pair: AttachmentPair): Promise<AttachmentReclamationReport> {
  return reclaimUnreferencedAttachments(pair.manifest, pair.store, noGrace)
}

/** The session must read exactly this text. */
export async function assertReads(session: AttachmentStore, text: string, when: string): Promise<void> {
  const { bytes } = await session.get(idOf(text)).catch(error => {
    throw new assert.AssertionError({ message: `${when}: ${JSON.stringify(text)} cannot be read: ${error}` })
  })
  assert.equal(new TextDecoder().decode(bytes), text, when)
}

/** To the session the content is not there, whichever way it asks. */
export async function assertAbsent(session: AttachmentStore, id: AttachmentId, when: string): Promise<void> {
  const notFound = (error: unknown) => AttachmentNotFoundError.isInstance(error)
  await assert.rejects(session.get(id), notFound, `${when}: get`)
  await assert.rejects(session.stream(id), notFound, `${when}: stream`)
  assert.equal(await session.stat(id), undefined, `${when}: stat`)
  const listed = await collected(session.list())
  assert.ok(!listed.some(blob => blob.id === id), `${when}: list`)
}

/** Physical names of what the store holds, sorted, by the texts that the case uses: `text` or `text.generation`. */
export async function blobsOf(store: AttachmentStore, texts: readonly string[]): Promise<string[]> {
  const byId = new Map(texts.map(text => [idOf(text), text]))
  const name = ({ id, generation }: AttachmentListing) =>
    `${byId.get(id) ?? `unknown ${id}`}${generation === 0 ? '' : `.${generation}`}`
  return (await collected(store.list())).map(name).sort()
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export async function drained(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).text()
}
