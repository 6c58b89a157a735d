import { readdirSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { serve } from '@hono/node-server'
import { toNodeListener } from '@lash/attachments-http/node'
import { sampleBytes } from '@lash/attachments-testing'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  expectNoTraces,
  expectProblem,
  type Ground,
  listening,
  listeningTo,
  openGround,
  type RequestBody,
  refsOf,
  serverOptions,
  traces,
} from './ground.ts'

interface Listening {
  port: number
  url: string
}

/** Each way to serve the handler from Node. */
const servers: [string, (ground: Ground) => Promise<Listening>][] = [
  ['toNodeListener', listeningTo],
  ['Express', ({ handler }) => listening(express().use('/attachments', toNodeListener(handler)))],
  ['Hono', honoServer],
]

async function honoServer({ handler }: Ground): Promise<Listening> {
  const app = new Hono()
  app.all('/attachments/*', c => handler.fetch(c.req.raw))
  app.all('/attachments', c => handler.fetch(c.req.raw))
  return new Promise(resolve => {
    const server = serve(
      { fetch: app.fetch, port: 0, hostname: '127.0.0.1', createServer, serverOptions },
      ({ port }) => resolve({ port, url: `http://127.0.0.1:${port}/attachments` }),
    ) as import('node:http').Server
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise(closed => server.close(closed))
    })
  })
}

/** As often as it takes: what is waited for comes at the pace of the machine. */
function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, { timeout: 30_000 })
}

/** A client that writes what it is told, and hears what comes. */
class RawClient {
  readonly #socket: Socket
  readonly closed: Promise<void>
  /** The beginning of what has come. */
  answer = ''
  receivedBytes = 0
  sentBytes = 0

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.receivedBytes += text.length
      if (this.answer.length < 4000) this.answer += text.slice(0, 4000)
    })
    this.#socket.on('error', () => {})
    this.closed = new Promise(resolve => this.#socket.once('close', () => resolve()))
    onTestFinished(() => void this.#socket.destroy())
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  /** Until the server closes the connection. */
  async sendForEver(): Promise<void> {
    const bytes = sampleBytes(60_000)
    const chunk = Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
    while (!this.#socket.destroyed) {
      this.sentBytes += chunk.byteLength
      if (this.#socket.write(chunk)) await new Promise(setImmediate)
      else await Promise.race([new Promise(resolve => this.#socket.once('drain', resolve)), this.closed])
    }
  }

  resume(): void {
    this.#socket.resume()
  }

  pause(): void {
    this.#socket.pause()
  }

  /** Takes the beginning of what comes, and then nothing. */
  pauseOnceItComes(): void {
    this.#socket.once('data', () => this.pause())
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

const chunked = 'POST /attachments HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n'

describe.each(servers)('served by %s', (_name, start) => {
  test('a client that goes on sending gets its 413, and is not kept waiting', async () => {
    const ground = openGround({ maxByteLength: 100_000 })
    const { port } = await start(ground)
    const client = new RawClient(port)
    client.write(`${chunked}Content-Type: image/png\r\n\r\n`)
    await client.sendForEver()
    expect(client.answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(client.answer).toContain('"code":"too_large"')
    expect(client.sentBytes).toBeLessThan(200_000_000)
    await expectNoTraces(ground)
  })

  test('what says that it is too long gets its 413 before it is sent', async () => {
    const { port } = await start(openGround())
    const client = new RawClient(port)
    client.write('POST /attachments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\n')
    await eventually(() => expect(client.answer).toMatch(/^HTTP\/1\.1 413 .*"code":"too_large"/s))
    await client.closed
  })

  test('a request for a file whose own body never comes gets the file', async () => {
    const ground = openGround()
    const { port } = await start(ground)
    const { id } = await ground.draft.put(sampleBytes(3_000_000), { mediaType: 'image/png' })
    const client = new RawClient(port)
    client.write(`GET /attachments/${id} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n`)
    await eventually(() => expect(client.receivedBytes).toBeGreaterThan(3_000_000))
    const other = new RawClient(port)
    other.write(`DELETE /attachments/${id} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n`)
    await eventually(() => expect(other.answer).toMatch(/^HTTP\/1\.1 204 /))
  })

  test('fetch gets its 413', async () => {
    const { url } = await start(openGround({ maxByteLength: 1000 }))
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent++
        if (sent < 5000) controller.enqueue(sampleBytes(10_000))
        else controller.close()
      },
    })
    await expectProblem(await fetch(url, { method: 'POST', body, duplex: 'half' }), 413, 'too_large')
  })

  test.each(['a raw body', 'a form with a second file'])('a client that goes away in %s leaves nothing', async kind => {
    const ground = openGround()
    const { port } = await start(ground)
    const client = new RawClient(port)
    const part = (name: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; name=f; filename=${name}\r\n\r\n${text}`
    const isForm = kind !== 'a raw body'
    const body = isForm ? `${part('a', 'first')}\r\n${part('b', 'x'.repeat(2_000_000))}` : 'x'.repeat(2_000_000)
    const type = isForm ? 'Content-Type: multipart/form-data; boundary=b\r\n' : ''
    client.write(`${chunked}${type}\r\n${body.length.toString(16)}\r\n${body}\r\n`)
    // The spool file of what has come.
    await eventually(async () => expect((await traces(ground)).files.join()).toContain('tmp'))
    client.destroy()
    await eventually(() => expectNoTraces(ground))
    expect(ground.errors).toEqual([])
  })

  test('an upload that sends nothing more is 408, and leaves nothing', async () => {
    const ground = openGround({ idleTimeoutMs: 50 })
    const { port } = await start(ground)
    const client = new RawClient(port)
    client.write(`${chunked}\r\n3\r\nabc\r\n`)
    await eventually(() => expect(client.answer).toMatch(/^HTTP\/1\.1 408 .*"code":"timeout"/s))
    await client.closed
    await expectNoTraces(ground)
  })

  test('a file comes back as it was, whole and in part', async () => {
    const ground = openGround()
    const { url } = await start(ground)
    const bytes = sampleBytes(3_000_000)
    const [ref] = await refsOf(await fetch(url, { method: 'POST', body: bytes as RequestBody }))
    const whole = await fetch(`${url}/${ref?.id}`)
    expect(whole.headers.get('Content-Length')).toBe('3000000')
    expect(Buffer.compare(Buffer.from(await whole.arrayBuffer()), bytes)).toBe(0)
    const part = await fetch(`${url}/${ref?.id}`, { headers: { Range: 'bytes=1000000-2499999' } })
    expect(part.headers.get('Content-Range')).toBe('bytes 1000000-2499999/3000000')
    expect(Buffer.compare(Buffer.from(await part.arrayBuffer()), bytes.subarray(1_000_000, 2_500_000))).toBe(0)
    const head = await fetch(`${url}/${ref?.id}`, { method: 'HEAD' })
    expect(head.headers.get('Content-Length')).toBe('3000000')
  })

  test('a client that vanishes in a download leaves no file open', async () => {
    const ground = openGround()
    const { port } = await start(ground)
    const { id } = await ground.draft.put(sampleBytes(50_000_000), { mediaType: 'video/mp4' })
    const client = new RawClient(port)
    client.pauseOnceItComes()
    client.write(`GET /attachments/${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await eventually(() => expect(client.answer.slice(0, 13)).toBe('HTTP/1.1 200 '))
    expect(openFiles(ground)).toHaveLength(1)
    client.destroy()
    await eventually(() => expect(openFiles(ground)).toEqual([]))
    expect(ground.errors).toEqual([])
  })

  test('a request without a usable host is 400', async () => {
    const { port } = await start(openGround())
    const client = new RawClient(port)
    client.write('GET /attachments HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n')
    await client.closed
    expect(client.answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('a download that nobody reads is ended', async () => {
    // Hono's server tells of it there.
    const log = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => log.mockRestore())
    const ground = openGround({ idleTimeoutMs: 50 })
    const { port } = await start(ground)
    const { id } = await ground.draft.put(sampleBytes(50_000_000), { mediaType: 'video/mp4' })
    const streams = vi.spyOn(ground.store, 'stream')
    const client = new RawClient(port)
    client.pause()
    client.write(`GET /attachments/${id} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await eventually(() => expect(streams).toHaveBeenCalled())
    await streams.mock.results[0]?.value
    await eventually(() => expect(openFiles(ground)).toEqual([]))
    client.resume()
    await client.closed
    expect(client.receivedBytes).toBeLessThan(50_000_000)
  })
})

/** Of the store, in this process. */
function openFiles({ root }: Ground): string[] {
  return readdirSync('/proc/self/fd')
    .map(fd => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    .filter(path => path.startsWith(`${root}/sha256/`))
}
