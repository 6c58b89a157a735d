import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGzip } from 'node:zlib'

/** What goes wrong with one request. */
export type S3Fault =
  /** The proxy answers, and the server never hears of it. */
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Of an S3 error, which is made of it when there is no `body`. */
      readonly code?: string
      readonly body?: string | Uint8Array
      readonly headers?: Record<string, string>
    }
  /** The connection ends when so many bytes of the request's body have come; the server gets no whole request. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** The server does what it was asked; the connection ends before its answer is passed on. */
  | { readonly kind: 'lose-answer' }
  /** The connection ends after so many bytes of the answer's body. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** After so many bytes of the answer's body, nothing more comes. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number }
  /** The answer is shorter, and says that this is its length. */
  | { readonly kind: 'shorten-answer'; readonly toBytes: number }
  /** One bit of this byte of the answer's body is another. */
  | { readonly kind: 'flip-answer'; readonly at: number }
  /** The answer has these headers, or none of that name where it is undefined. */
  | { readonly kind: 'change-headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** The answer's body is compressed, though nobody asked for that. */
  | { readonly kind: 'compress-answer' }
  /** One bit of this byte of the request's body is another. */
  | { readonly kind: 'flip-request'; readonly at: number }
  /** The server gets the request twice; the second answer is passed on. */
  | { readonly kind: 'repeat' }
  /** The request goes on after a while, in milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing ever answers. */
  | { readonly kind: 'hang' }
  /** A request header does not get through. */
  | { readonly kind: 'drop-header'; readonly header: string }

/** Which requests: by method, by a header that they have, and by what their path and query contain. */
export interface S3FaultTarget {
  readonly method?: string
  /** In lower case. */
  readonly header?: string
  readonly url?: string | RegExp
}

/** What the proxy saw of a request. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Bytes of body that came. */
  bodyBytes: number
  /** Of the answer, once it began. */
  status: number | undefined
  /** Whether whoever sent the request has let the connection go before the answer had passed. */
  dropped: boolean
}

interface Plan {
  readonly target: S3FaultTarget
  readonly fault: S3Fault
  times: number
}

/**
 * An HTTP proxy before an S3 server that records requests and spoils those that it is told to. Requests pass with the
 * Host header that they came with, because their signature covers it. Speaks plain HTTP only.
 */
export class S3FaultProxy implements AsyncDisposable {
  readonly #target: URL
  readonly #server: Server
  readonly #plans: Plan[] = []
  readonly requests: SeenRequest[] = []

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer({ keepAlive: true }, (incoming, answer) => {
      this.#handle(incoming, answer).catch(() => answer.destroy())
    })
    // A proxy has no opinion on this; it would answer by itself otherwise.
    this.#server.on('checkContinue', (incoming, answer) => this.#server.emit('request', incoming, answer))
  }

  /** Starts a proxy on a free port of the loopback interface. */
  static async start(endpoint: string): Promise<S3FaultProxy> {
    const proxy = new S3FaultProxy(new URL(endpoint))
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', () => resolve())
    })
    return proxy
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Spoils the next `times` requests that match. Plans are tried in the order in which they were made. */
  spoil(target: S3FaultTarget, fault: S3Fault, times = 1): void {
    this.#plans.push({ target, fault, times })
  }

  /** Forgets plans and recorded requests. */
  reset(): void {
    this.#plans.length = 0
    this.requests.length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming
    const seen: SeenRequest = { method, url, headers, bodyBytes: 0, status: undefined, dropped: false }
    this.requests.push(seen)
    answer.on('close', () => {
      seen.dropped = !answer.writableFinished
    })
    const fault = this.#faultFor(seen)
    switch (fault?.kind) {
      case 'answer':
        await bodyOf(incoming, seen)
        return refuse(answer, seen, fault)
      case 'hang':
        incoming.resume()
        return
      case 'cut-request':
        return cutRequest(incoming, seen, fault.afterBytes)
      case 'delay':
        await sleep(fault.ms)
    }
    let body = await bodyOf(incoming, seen)
    if (fault?.kind === 'flip-request') body = flipped(body, fault.at)
    if (fault?.kind === 'repeat') (await this.#forward(seen, body, fault)).resume()
    const real = await this.#forward(seen, body, fault)
    seen.status = real.statusCode
    if (fault?.kind === 'lose-answer') return void incoming.socket.destroy()
    await passOn(real, answer, fault)
  }

  #faultFor(seen: SeenRequest): S3Fault | undefined {
    const plan = this.#plans.find(({ target, times }) => times > 0 && matches(target, seen))
    if (plan === undefined) return undefined
    plan.times--
    return plan.fault
  }

  #forward(seen: SeenRequest, body: Buffer, fault: S3Fault | undefined): Promise<IncomingMessage> {
    const headers = { ...seen.headers }
    delete headers.expect
    if (fault?.kind === 'drop-header') delete headers[fault.header.toLowerCase()]
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: this.#target.hostname,
          port: this.#target.port || 80,
          method: seen.method,
          path: seen.url,
          headers: headers as Record<string, string>,
        },
        resolve,
      )
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }
}

function matches(target: S3FaultTarget, seen: SeenRequest): boolean {
  if (target.method !== undefined && target.method !== seen.method) return false
  if (target.header !== undefined && seen.headers[target.header] === undefined) return false
  if (target.url === undefined) return true
  return typeof target.url === 'string' ? seen.url.includes(target.url) : target.url.test(seen.url)
}

function refuse(answer: ServerResponse, seen: SeenRequest, fault: Extract<S3Fault, { kind: 'answer' }>): void {
  seen.status = fault.status
  const body =
    fault.body ??
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${fault.code}</Code><Message>by the fault proxy</Message></Error>`
  answer.writeHead(fault.status, { 'content-type': 'application/xml', ...fault.headers })
  answer.end(seen.method === 'HEAD' ? undefined : body)
}

async function cutRequest(incoming: IncomingMessage, seen: SeenRequest, afterBytes: number): Promise<void> {
  for await (const chunk of afterBytes === 0 ? [] : incoming) {
    seen.bodyBytes += (chunk as Buffer).byteLength
    if (seen.bodyBytes >= afterBytes) break
  }
  incoming.socket.destroy()
}

/** Passes the answer on at the pace at which it is read, spoiled or not. */
async function passOn(real: IncomingMessage, answer: ServerResponse, fault: S3Fault | undefined): Promise<void> {
  answer.on('close', () => real.destroy())
  const headers = { ...real.headers }
  if (fault?.kind === 'shorten-answer') headers['content-length'] = String(fault.toBytes)
  if (fault?.kind === 'compress-answer') {
    delete headers['content-length']
    headers['content-encoding'] = 'gzip'
  }
  if (fault?.kind === 'change-headers') Object.assign(headers, fault.headers)
  answer.writeHead(
    real.statusCode ?? 500,
    Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
  )
  let position = 0
  const body = fault?.kind === 'compress-answer' ? real.pipe(createGzip()) : real
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let bytes = chunk
    if (fault?.kind === 'flip-answer') bytes = flipped(chunk, fault.at - position)
    if (fault?.kind === 'shorten-answer') bytes = chunk.subarray(0, Math.max(0, fault.toBytes - position))
    if (fault?.kind === 'cut-answer' && position + chunk.byteLength >= fault.afterBytes) {
      return answer.write(chunk.subarray(0, fault.afterBytes - position), () => void answer.socket?.destroy()) as never
    }
    if (fault?.kind === 'stall-answer' && position + chunk.byteLength >= fault.afterBytes) {
      return void answer.write(chunk.subarray(0, fault.afterBytes - position))
    }
    position += chunk.byteLength
    if (bytes.byteLength > 0 && !answer.write(bytes)) await writable(answer)
  }
  answer.end()
}

/** Resolves when more can be written, or nobody wants it any more. */
function writable(answer: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const ready = () => {
      answer.off('drain', ready)
      answer.off('close', ready)
      resolve()
    }
    answer.on('drain', ready)
    answer.on('close', ready)
  })
}

async function bodyOf(incoming: IncomingMessage, seen: SeenRequest): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    seen.bodyBytes += chunk.byteLength
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function flipped(bytes: Buffer, at: number): Buffer {
  if (at < 0 || at >= bytes.byteLength) return bytes
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] as number) ^ 1
  return copy
}
