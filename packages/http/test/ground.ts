import { readdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type AttachmentRef, type AttachmentStore, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { type AttachmentHandler, type AttachmentHandlerOptions, createAttachmentHandler } from '@lash/attachments-http'
import { toNodeListener } from '@lash/attachments-http/node'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { newFolder } from '@lash/attachments-testing'
import { expect, onTestFinished } from 'vitest'

export type RequestBody = NonNullable<RequestInit['body']>
export type RequestHeaders = NonNullable<RequestInit['headers']>

export const origin = 'http://chat.example'
export const url = `${origin}/attachments`

export interface Ground {
  handler: AttachmentHandler
  store: AttachmentStore
  /** The folder of the store, if it has one. */
  root: string
  manifest: InMemoryAttachmentManifest
  /** A view of the draft that the handler serves. */
  draft: SessionScopedAttachmentStore
  /** What the handler told `onError`. */
  errors: unknown[]
}

/** A handler for the draft of one chat, with bytes in a folder, so that litter can be seen. */
export function openGround(
  options: Partial<AttachmentHandlerOptions> = {},
  { inMemory = false, storeLimit = Number.POSITIVE_INFINITY }: { inMemory?: boolean; storeLimit?: number } = {},
): Ground {
  const root = inMemory ? '' : newFolder()
  const store = inMemory
    ? new InMemoryAttachmentStore()
    : new FileAttachmentStore({ root, durability: 'relaxed', maxByteLength: storeLimit })
  const manifest = new InMemoryAttachmentManifest()
  onTestFinished(async () => {
    await store.close()
    await manifest.close()
  })
  const view = () => new SessionScopedAttachmentStore(store, manifest, 'chat', { holder: 'draft' })
  const errors: unknown[] = []
  const onError = (error: unknown) => errors.push(error)
  const handler = createAttachmentHandler({ session: view, onError, ...options })
  return { handler, store, root, manifest, draft: view(), errors }
}

/** Everything that is on disk, and who holds what: `holder id`, with a star when it is committed. */
export async function traces({ root, manifest }: Ground): Promise<{ files: string[]; refs: string[] }> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const refs: string[] = []
  for await (const entry of manifest.listRefs('chat')) {
    if (entry.releasedAtEpochMs !== undefined) continue
    refs.push(`${entry.holder} ${entry.attachmentId}${entry.committedAtEpochMs === undefined ? '' : '*'}`)
  }
  return { files: files.map(file => file.slice(root.length + 1)).sort(), refs: refs.sort() }
}

export async function expectNoTraces(ground: Ground): Promise<void> {
  expect(await traces(ground)).toEqual({ files: [], refs: [] })
}

export interface FilePart {
  bytes: Uint8Array | string
  name?: string
  type?: string
}

export function formOf(...parts: (FilePart | [string, string])[]): FormData {
  const form = new FormData()
  for (const part of parts) {
    if (Array.isArray(part)) form.append(...part)
    else form.append('file', new Blob([part.bytes as Uint8Array<ArrayBuffer>], { type: part.type ?? '' }), part.name)
  }
  return form
}

export function post(ground: Ground, body: RequestBody, headers: RequestHeaders = {}): Promise<Response> {
  return ground.handler.fetch(new Request(url, { method: 'POST', body, headers, duplex: 'half' }))
}

export async function refsOf(response: Response): Promise<AttachmentRef[]> {
  expect([response.status, response.headers.get('Content-Type')]).toEqual([201, 'application/json'])
  return ((await response.json()) as { attachments: AttachmentRef[] }).attachments
}

export async function expectProblem(response: Response, status: number, code: string): Promise<string> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  const problem = (await response.json()) as Record<string, string>
  expect(problem).toEqual({ type: 'about:blank', title: expect.any(String), status, code, detail: expect.any(String) })
  expect(response.status).toBe(status)
  return problem.detail as string
}

export function get(ground: Ground, id: string, headers: RequestHeaders = {}, method = 'GET'): Promise<Response> {
  return ground.handler.fetch(new Request(`${url}/${id}`, { method, headers }))
}

/** It closes no connection because nothing happens on it, as where a proxy before it keeps them. */
export const serverOptions = { keepAliveTimeout: 0 }

/** A server of this test's own, and where it listens. */
export async function listening(listener: RequestListener): Promise<{ port: number; url: string }> {
  const server = createServer(serverOptions, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/attachments` }
}

export function listeningTo(ground: Ground): Promise<{ port: number; url: string }> {
  return listening(toNodeListener(ground.handler))
}
