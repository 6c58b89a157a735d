import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

interface Link {
  readonly client: Socket
  readonly server: Socket
  /** Bytes that went from the client to the server. */
  sent: number
}

/** A relay in front of a TCP server that can cut, delay and stall what goes through it. */
export class FaultProxy implements AsyncDisposable {
  readonly #listener: Server
  readonly #links = new Set<Link>()
  #target: { host: string; port: number }
  #refusing = false
  #stalled = false
  #delayMs = 0
  #cutAfter: number | undefined

  private constructor(target: { host: string; port: number }) {
    this.#target = target
    this.#listener = createServer(client => this.#accept(client))
  }

  static async start(target: { host: string; port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    proxy.#listener.unref()
    return proxy
  }

  /** A proxy in front of the server of a URL. */
  static async before(url: string): Promise<FaultProxy> {
    const { hostname, port, protocol } = new URL(url)
    const usual = protocol === 'https:' ? 443 : protocol === 'http:' ? 80 : 5432
    return FaultProxy.start({ host: hostname, port: port === '' ? usual : Number(port) })
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** Connections that are open through it now. */
  get connections(): number {
    return this.#links.size
  }

  /** The URL with this proxy in the place of its server. */
  url(original: string): string {
    const url = new URL(original)
    url.hostname = '127.0.0.1'
    url.port = String(this.port)
    return url.href
  }

  /** Cuts every connection, as a cable does: both ends see a reset. */
  cut(): void {
    for (const link of this.#links) this.#drop(link)
  }

  /** Cuts every connection, and each new one at once. Returns the function that ends it. */
  disconnect(): () => void {
    this.#refusing = true
    this.cut()
    return () => {
      this.#refusing = false
    }
  }

  /**
   * Cuts each connection, also one that is open, when that many more bytes have gone to the server. Returns the
   * function that ends it.
   */
  cutAfter(bytes: number): () => void {
    this.#cutAfter = bytes
    for (const link of this.#links) link.sent = 0
    return () => {
      this.#cutAfter = undefined
    }
  }

  /** Lets nothing through in either direction, and keeps the connections open. Returns the function that ends it. */
  stall(): () => void {
    this.#stalled = true
    for (const { client, server } of this.#links) {
      client.pause()
      server.pause()
    }
    return () => {
      this.#stalled = false
      for (const { client, server } of this.#links) {
        client.resume()
        server.resume()
      }
    }
  }

  /** Holds back everything for so long, in each direction. */
  delay(milliseconds: number): void {
    this.#delayMs = milliseconds
  }

  async close(): Promise<void> {
    this.#listener.close()
    this.cut()
    await once(this.#listener, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(client: Socket): void {
    client.on('error', () => {})
    if (this.#refusing) {
      client.resetAndDestroy()
      return
    }
    const server = connect(this.#target)
    const link: Link = { client, server, sent: 0 }
    this.#links.add(link)
    this.#relay(link, client, server)
    this.#relay(link, server, client)
    client.unref()
    server.unref()
    if (!this.#stalled) return
    client.pause()
    server.pause()
  }

  #relay(link: Link, from: Socket, to: Socket): void {
    from.setNoDelay(true)
    from.on('error', () => {})
    from.on('data', bytes => {
      if (this.#delayMs === 0) this.#pass(link, from, to, bytes)
      else setTimeout(() => this.#pass(link, from, to, bytes), this.#delayMs)
    })
    from.on('end', () => to.end())
    from.on('close', () => {
      this.#links.delete(link)
      to.destroy()
    })
  }

  #pass(link: Link, from: Socket, to: Socket, bytes: Buffer): void {
    if (to.destroyed) return
    if (from === link.client) {
      link.sent += bytes.byteLength
      const excess = this.#cutAfter === undefined ? 0 : link.sent - this.#cutAfter
      if (excess >= 0 && this.#cutAfter !== undefined) {
        // What is short of the limit still arrives.
        to.write(bytes.subarray(0, bytes.byteLength - excess), () => this.#drop(link))
        return
      }
    }
    if (to.write(bytes)) return
    from.pause()
    to.once('drain', () => {
      if (!this.#stalled) from.resume()
    })
  }

  #drop(link: Link): void {
    this.#links.delete(link)
    link.client.resetAndDestroy()
    link.server.resetAndDestroy()
  }
}
