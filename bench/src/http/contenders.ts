import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getRequestListener } from '@hono/node-server'
import { type AttachmentManifest, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { Hono } from 'hono'

/** One way to take uploads into a folder and to serve them. */
export interface HttpContender {
  readonly name: string
  readonly role: 'ours' | 'peer' | 'floor'
  /** What an upload that was answered survives. */
  readonly survives: 'process' | 'power cut'
  /** What it does with the bytes on their way. */
  readonly notes: { readonly up: string; readonly down: string }
  /** Whether a file is sent as the part of a form, rather than as the body. */
  readonly isForm: boolean
  readonly server: 'hono' | 'node'
  readonly method: 'POST' | 'PUT'
  /** Where the client sends a file that it calls `key`. */
  uploadPath(key: string): string
  /** Where the file is then, by what the upload was answered with. */
  downloadPath(key: string, answer: string): string
  /** Absent where it is the same as in another contender. */
  readonly skips?: 'up' | 'down'
  /** Opens it in an empty folder. Its libraries are loaded only here: those of others take memory too. */
  open(folder: string): Promise<RequestListener>
}

/** What names a file itself, and neither hashes nor syncs it. */
const byKey = {
  survives: 'process',
  notes: { up: 'no hash', down: 'unverified' },
  isForm: false,
  server: 'hono',
  method: 'PUT',
  uploadPath: (key: string) => `/files/${key}`,
  downloadPath: (key: string) => `/files/${key}`,
} as const

export const contenders: readonly HttpContender[] = [
  ours('attachments, durable', 'full', 'hono', false),
  ours('attachments, durable, form', 'full', 'hono', true),
  ours('attachments, relaxed', 'relaxed', 'hono', false),
  ours('attachments, relaxed, form', 'relaxed', 'hono', true),
  ours('attachments, relaxed, node listener', 'relaxed', 'node', false),
  {
    name: 'files-sdk gateway',
    role: 'peer',
    survives: 'process',
    notes: { up: 'SHA-1, held whole', down: 'unverified' },
    isForm: false,
    server: 'hono',
    method: 'PUT',
    uploadPath: key => `/api/files?op=upload&key=${key}`,
    downloadPath: key => `/api/files?op=download&key=${key}`,
    async open(root) {
      const { createFiles } = await import('files-sdk')
      const { fs } = await import('files-sdk/fs')
      const { createFilesRouter } = await import('files-sdk/api')
      const { createRouteHandler } = await import('files-sdk/hono')
      const files = createFiles({ adapter: fs({ root }) })
      const router = createFilesRouter({ files, operations: ['upload', 'download'], secret: 'benchmark' })
      const app = new Hono()
      app.all('/api/files', createRouteHandler(router))
      return listenerOf(app)
    },
  },
  {
    ...byKey,
    name: 'flydrive, parseBody',
    role: 'peer',
    notes: { up: 'no hash, held whole', down: 'unverified' },
    isForm: true,
    method: 'POST',
    async open(location) {
      const { Disk } = await import('flydrive')
      const { FSDriver } = await import('flydrive/drivers/fs')
      const disk = new Disk(new FSDriver({ location, visibility: 'private' }))
      const app = new Hono()
      app.post('/files/:key', async c => {
        const { file } = await c.req.parseBody()
        if (!(file instanceof File)) return c.text('no file', 400)
        await disk.putStream(c.req.param('key'), Readable.fromWeb(file.stream()))
        return c.json({ key: c.req.param('key') }, 201)
      })
      app.get('/files/:key', async c => {
        const key = c.req.param('key')
        const { contentLength, contentType } = await disk.getMetaData(key)
        const body = Readable.toWeb(await disk.getStream(key)) as ReadableStream
        const headers = {
          'Content-Length': `${contentLength}`,
          'Content-Type': contentType ?? 'application/octet-stream',
        }
        return c.body(body, 200, headers)
      })
      return listenerOf(app)
    },
  },
  {
    ...byKey,
    name: 'fs in Hono',
    role: 'floor',
    async open(folder) {
      const app = new Hono()
      app.put('/files/:key', async c => {
        await pipeline(c.req.raw.body ?? [], createWriteStream(join(folder, c.req.param('key'))))
        return c.json({}, 201)
      })
      app.get('/files/:key', async c => {
        const path = join(folder, c.req.param('key'))
        const { size } = await stat(path)
        return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, { 'Content-Length': `${size}` })
      })
      return listenerOf(app)
    },
  },
  {
    ...byKey,
    name: 'fs in node:http',
    role: 'floor',
    server: 'node',
    async open(folder) {
      return async (req, res) => {
        const path = join(folder, (req.url as string).slice('/files/'.length))
        if (req.method === 'PUT') {
          await pipeline(req, createWriteStream(path))
          res.writeHead(201).end('{}')
        } else {
          const { size } = await stat(path)
          res.writeHead(200, { 'Content-Length': size })
          await pipeline(createReadStream(path), res)
        }
      }
    },
  },
]

function ours(name: string, durability: 'full' | 'relaxed', server: 'hono' | 'node', isForm: boolean): HttpContender {
  return {
    name,
    role: 'ours',
    survives: durability === 'full' ? 'power cut' : 'process',
    notes: { up: 'SHA-256', down: 'verified' },
    isForm,
    server,
    method: 'POST',
    ...(isForm && { skips: 'down' }),
    uploadPath: () => '/attachments',
    downloadPath: (_, answer) => `/attachments/${JSON.parse(answer).attachments[0].id}`,
    async open(folder) {
      const { FileAttachmentStore } = await import('@lash/attachments-fs')
      const { createAttachmentHandler } = await import('@lash/attachments-http')
      const store = new FileAttachmentStore(join(folder, 'attachments'), { durability })
      const manifest = await openManifest(durability, join(folder, 'attachments.db'))
      const files = createAttachmentHandler({
        session: () => new SessionScopedAttachmentStore(store, manifest, 'chat', { holder: 'draft' }),
        maxByteLength: 300e6,
      })
      if (server === 'node') return (await import('@lash/attachments-http/node')).toNodeListener(files)
      const app = new Hono()
      app.all('/attachments/*', c => files.fetch(c.req.raw))
      return listenerOf(app)
    },
  }
}

/** Peers sync nothing, so next to a store that does not either there is a manifest without a disk. */
async function openManifest(durability: 'full' | 'relaxed', path: string): Promise<AttachmentManifest> {
  if (durability === 'full') return new (await import('@lash/attachments-sqlite')).SqliteAttachmentManifest({ path })
  return new (await import('@lash/attachments-memory')).InMemoryAttachmentManifest()
}

/** As `serve` of `@hono/node-server` makes it. */
function listenerOf(app: Hono): RequestListener {
  return getRequestListener(app.fetch)
}
