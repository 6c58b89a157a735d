import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

type State = 'open' | 'deny' | 'refuse' | 'mute'

const denial =
  'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: 44\r\n\r\n' +
  '<Error><Code>AccessDenied</Code></Error>\r\n\r\n'

/** Lies before an HTTP server: passes what comes, answers that it is forbidden, hangs up, or never answers. */
export class Gate {
  readonly #server: Server
  readonly #target: { host: string; port: number }
  readonly #sockets = new Set<Socket>()
  #state: State = 'open'

  private constructor(target: URL) {
    this.#target = { host: target.hostname, port: Number(target.port || 80) }
    this.#server = createServer(socket => this.#pass(this.#kept(socket)))
  }

  static async before(url: string): Promise<Gate> {
    const gate = new Gate(new URL(url))
    await once(gate.#server.listen(0, '127.0.0.1'), 'listening')
    return gate
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Cuts what is connected. Returns the function that opens the gate again. */
  async turn(state: State): Promise<() => Promise<void>> {
    this.#state = state
    this.#cut()
    return async () => void (await this.turn('open'))
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#cut()
    await once(this.#server, 'close')
  }

  #pass(socket: Socket): void {
    if (this.#state === 'refuse') socket.destroy()
    else if (this.#state === 'deny') socket.once('data', () => socket.end(denial))
    else if (this.#state === 'open') {
      const server = this.#kept(connect(this.#target))
      socket.pipe(server).pipe(socket)
      socket.once('close', () => server.destroy())
      server.once('close', () => socket.destroy())
    }
  }

  #kept(socket: Socket): Socket {
    this.#sockets.add(socket)
    return socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
