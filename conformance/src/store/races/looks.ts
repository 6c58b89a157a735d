import assert from 'node:assert/strict'
import type { AttachmentStore } from '@lash/attachments-core'
import { sameBytes, unlessNotFound } from '../../run/expect.ts'
import { collect, independentId, readUntilFailure } from '../../run/samples.ts'

/** What each call showed of a blob, asked at the same time. */
interface Look {
  readonly stat: boolean
  readonly get: boolean
  readonly stream: boolean
  readonly list: boolean
}

/** Fails when any call shows a part of the blob, or fails otherwise than because the blob is not there. */
export async function allOrNothing(store: AttachmentStore, bytes: Uint8Array): Promise<Look> {
  const id = independentId(bytes)
  const [stat, get, stream, list] = await Promise.all([
    statShows(store, id, bytes),
    getShows(store, id, bytes),
    streamShows(store, id, bytes),
    listShows(store, id, bytes),
  ])
  return { stat, get, stream, list }
}

/** Fails unless every call shows the whole blob. */
export async function allShow(store: AttachmentStore, bytes: Uint8Array, when: string): Promise<void> {
  const look = await allOrNothing(store, bytes)
  assert.deepEqual(look, { stat: true, get: true, stream: true, list: true }, `${when}: who finds the blob`)
}

async function statShows(store: AttachmentStore, id: string, bytes: Uint8Array): Promise<boolean> {
  const stat = await store.stat(id)
  if (stat !== undefined) assert.equal(stat.byteLength, bytes.byteLength, 'stat shows a part')
  return stat !== undefined
}

async function getShows(store: AttachmentStore, id: string, bytes: Uint8Array): Promise<boolean> {
  const stored = await unlessNotFound(store.get(id))
  if (stored !== undefined) sameBytes(stored.bytes, bytes, 'get shows a part')
  return stored !== undefined
}

async function streamShows(store: AttachmentStore, id: string, bytes: Uint8Array): Promise<boolean> {
  const opened = await unlessNotFound(store.stream(id))
  if (opened === undefined) return false
  const { byteLength, failed } = await readUntilFailure(opened.body)
  assert.ok(failed || byteLength === bytes.byteLength, `a stream ended after ${byteLength} bytes`)
  return !failed
}

async function listShows(store: AttachmentStore, id: string, bytes: Uint8Array): Promise<boolean> {
  const listed = await collect(store.list({ prefix: id }))
  assert.ok(listed.length <= 1, 'list shows one blob twice')
  for (const blob of listed) assert.equal(blob.byteLength, bytes.byteLength, 'list shows a part')
  return listed.length === 1
}
