import assert from 'node:assert/strict'
import {
  type AttachmentBody,
  type AttachmentErrorCode,
  type AttachmentId,
  AttachmentNotFoundError,
  type AttachmentRef,
  type AttachmentStore,
  AttachmentStoreError,
} from '@lash/attachments-core'
import type { StoreFixture } from '../harness.ts'
import { collect, independentId, plain } from './samples.ts'
import { soon } from './soon.ts'
import { within } from './within.ts'

/** Fails unless the bytes are the same. The message says where they differ; it does not show all of them. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(actual instanceof Uint8Array, `${what}: not a Uint8Array`)
  assert.equal(actual.byteLength, expected.byteLength, `${what}: wrong number of bytes`)
  if (Buffer.compare(actual, expected) === 0) return
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  assert.fail(`${what}: byte ${at} is ${actual[at]} and should be ${expected[at]}`)
}

/** Fails unless the promise rejects with an `AttachmentStoreError` of one of the codes. Returns the error. */
export async function rejectsWith(
  promise: Promise<unknown>,
  codes: AttachmentErrorCode | readonly AttachmentErrorCode[],
  what: string,
): Promise<AttachmentStoreError> {
  const expected = typeof codes === 'string' ? [codes] : codes
  const error = await rejection(promise, `${what}: should reject with code ${expected.join(' or ')}, and resolved`)
  return hasCode(error, expected, what)
}

/** Fails unless the value is an `AttachmentStoreError` of one of the codes. */
export function hasCode(
  error: unknown,
  codes: AttachmentErrorCode | readonly AttachmentErrorCode[],
  what: string,
): AttachmentStoreError {
  const expected = typeof codes === 'string' ? [codes] : codes
  if (!AttachmentStoreError.isInstance(error)) {
    assert.fail(`${what}: should fail with code ${expected.join(' or ')}, and failed with ${describe(error)}`)
  }
  assert.ok(
    expected.includes(error.code),
    `${what}: should fail with code ${expected.join(' or ')}, and failed with ${error.code}: ${error.message}`,
  )
  return error
}

/** Fails unless the promise rejects with this very value. */
export async function rejectsWithReason(promise: Promise<unknown>, reason: unknown, what: string): Promise<void> {
  const error = await rejection(promise, `${what}: should reject, and resolved`)
  assert.ok(error === reason, `${what}: should reject with the very reason given, and rejected with ${describe(error)}`)
}

/** The reason of the rejection. Fails when the promise resolves. */
export async function rejection(promise: Promise<unknown>, message: string): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.fail(message)
}

const settlesWithinMs = 10_000

/** The promise. Fails when it has not settled in a time that is enough unless something waits for ever. */
export function settles<T>(promise: Promise<T>, what: string): Promise<T> {
  const message = `${what}: has not settled in ${settlesWithinMs} ms`
  return within(settlesWithinMs, promise, () => new assert.AssertionError({ message }))
}

/** Whether the promise has not settled at the time of the call. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const marker = {}
  return Promise.race([promise, marker]).then(
    first => first === marker,
    () => false,
  )
}

/** The ids that the store lists, sorted. An id with two copies is there twice. */
export async function listedIds(store: AttachmentStore): Promise<AttachmentId[]> {
  const listed = await collect(store.list())
  return listed.map(blob => blob.id).sort()
}

/** Fails unless no call shows anything of the id. */
export async function isAbsent(store: AttachmentStore, id: AttachmentId, what: string): Promise<void> {
  await rejectsWith(store.get(id), 'not_found', `${what}: get`)
  await rejectsWith(store.stream(id), 'not_found', `${what}: stream`)
  assert.equal(await store.stat(id), undefined, `${what}: stat`)
  const ids = await listedIds(store)
  assert.ok(!ids.includes(id), `${what}: list shows it`)
}

/** Fails unless nothing is staged, now or soon: a store may tidy up in the background. */
export async function nothingStaged({ staging }: StoreFixture, what: string): Promise<void> {
  if (staging === undefined) throw new Error('the harness declares `staging` and its fixture has none')
  const left = await soon(
    () => staging.list(),
    staged => staged.length === 0,
  )
  assert.deepEqual(left, [], `${what}: this is left staged`)
}

/** Puts the body. Fails unless it is stored as these bytes, under their id. */
export async function comesBack(
  store: AttachmentStore,
  body: AttachmentBody,
  bytes: Uint8Array,
  what: string,
): Promise<AttachmentRef> {
  const ref = await store.put(body, plain)
  assert.equal(ref.id, independentId(bytes), `${what}: id`)
  assert.equal(ref.byteLength, bytes.byteLength, `${what}: byteLength`)
  await isStored(store, ref.id, bytes, what)
  return ref
}

/** The result, or undefined when the call rejects since there is no such attachment. */
export async function unlessNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (AttachmentNotFoundError.isInstance(error)) return undefined
    throw error
  }
}

/** Fails unless get gives these bytes for the id. */
export async function isStored(
  store: AttachmentStore,
  id: AttachmentId,
  bytes: Uint8Array,
  what: string,
): Promise<void> {
  const stored = await store.get(id)
  sameBytes(stored.bytes, bytes, `${what}: get`)
  assert.equal(stored.meta.byteLength, bytes.byteLength, `${what}: meta.byteLength`)
  assert.equal(stored.meta.id, id, `${what}: meta.id`)
}

function describe(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`
  return String(error)
}
