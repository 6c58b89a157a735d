import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { type AttachmentHandlerOptions, AttachmentRejectedError, createAttachmentHandler } from '@lash/attachments-http'
import { toNodeListener } from '@lash/attachments-http/node'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import express from 'express'
import { Hono } from 'hono'
import { expect, test } from 'vitest'

const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block as string)

/** Of the program of the README, what it needs and what it prints. */
const imported = {
  createServer,
  SessionScopedAttachmentStore,
  createAttachmentHandler,
  toNodeListener,
  InMemoryAttachmentManifest,
  InMemoryAttachmentStore,
}

async function run(code: string, scope: Record<string, unknown>): Promise<unknown> {
  const body = code.replaceAll(/^import .*\n/gm, '')
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<unknown>
  return new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope))
}

test('the first program of the README prints what it says', async () => {
  const program = blocks[0] as string
  for (const name of program.matchAll(/^import \{ (.*) \}/gm)) {
    for (const each of (name[1] as string).split(', ')) expect(Object.keys(imported)).toContain(each)
  }
  const said = [...program.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => line)
  const printed: string[] = []
  const log = (...values: unknown[]) => printed.push(values.join(' ').trim())
  await run(program, { ...imported, console: { log } })
  expect(printed).toEqual(said)
  expect(said).toHaveLength(3)
})

test('each way to mount that the README shows serves', async () => {
  const store = new InMemoryAttachmentStore()
  const manifest = new InMemoryAttachmentManifest()
  const files = createAttachmentHandler({ session: () => new SessionScopedAttachmentStore(store, manifest, 'chat') })
  const lines = (blocks[1] as string).split('\n')
  const line = (about: string) => (lines.find(each => each.includes(about)) ?? '').replace(/\/\/.*/, '')
  const app = new Hono()
  await run(lines.slice(0, 2).join('\n'), { app, files })
  const express_ = await run(`return ${line('// Express')}`, { express, toNodeListener, files })
  const plain = (await run(`return ${line('// node:http')}`, { createServer, toNodeListener, files })) as ReturnType<
    typeof createServer
  >
  for (const server of [
    plain.listen(0),
    (express_ as ReturnType<typeof express>).listen(0),
    serve({ fetch: app.fetch, port: 0 }),
  ]) {
    if (!server.listening) await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const url = `http://localhost:${port}/attachments`
    const answer = await fetch(url, { method: 'POST', body: 'hello' })
    expect(answer.status).toBe(201)
    expect(await (await fetch(new URL(answer.headers.get('Location') as string, url))).text()).toBe('hello')
    await new Promise(resolve => server.close(resolve))
  }
})

test('the options that the README writes out do what it says', async () => {
  const [, , commit = '', inspect = ''] = blocks
  const committed: unknown[] = []
  const saved: unknown[] = []
  const store = new InMemoryAttachmentStore()
  const session = () =>
    new SessionScopedAttachmentStore(store, new InMemoryAttachmentManifest(), 'chat', { holder: 'draft' })
  const scope = {
    database: { transaction: (work: () => void) => work },
    saveDraft: (chat: string, refs: unknown[]) => saved.push([chat, refs.length]),
    manifest: { commitRefsSync: (...given: unknown[]) => committed.push(given) },
    scanner: { finds: async (body: ReadableStream) => (await new Response(body).text()).includes('virus') },
    AttachmentRejectedError,
  }
  const options = (await run(`return { ${commit}, ${inspect} }`, scope)) as Partial<AttachmentHandlerOptions>
  const files = createAttachmentHandler({ session, ...options })
  const send = (text: string) => {
    const form = new FormData()
    form.append('chat', 'chat-1')
    form.append('file', new Blob([text]), 'a.txt')
    return files.fetch(new Request('http://chat.example/attachments', { method: 'POST', body: form }))
  }
  expect((await send('hello')).status).toBe(201)
  expect(saved).toEqual([['chat-1', 1]])
  expect(committed).toMatchObject([['chat', [{ label: 'a.txt' }], { holder: 'draft' }]])
  const refused = await send('a virus')
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('a.txt has a virus')])
  expect(saved).toHaveLength(1)
})

/** The compiler sees to it that none is missing, and none too many. */
const options: Record<keyof AttachmentHandlerOptions, true> = {
  session: true,
  basePath: true,
  maxByteLength: true,
  maxFiles: true,
  accept: true,
  commit: true,
  inspect: true,
  trustedOrigins: true,
  crossOriginResourcePolicy: true,
  idleTimeoutMs: true,
  onError: true,
}

test('the README explains every option', () => {
  const table = /^## Options\n(.*?)^## /ms.exec(readme)?.[1] ?? ''
  const explained = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
  expect(new Set(explained)).toEqual(new Set(Object.keys(options)))
})
