import { AttachmentBackendError } from '@lash/attachments-core'
import { createClient } from '@redis/client'
import { commandsOf, type RedisCommands } from './client.ts'
import type { CheckedServerOptions } from './options.ts'
import { checkPersistence } from './persistence.ts'

/** Where commands can be sent. */
interface Line {
  readonly commands: RedisCommands
  /** Of a connection of our own: resolves when it has broken. */
  readonly broken?: Promise<unknown>
  /** Ends the connection, if it is our own. */
  hangUp(): void
}

/** The way to the server: a client of the host, or a connection of our own. */
export class RedisConnection {
  readonly #options: CheckedServerOptions
  /** Undefined before the first call, and when it could not be had or has broken. */
  #line: Promise<Line> | undefined

  constructor(options: CheckedServerOptions) {
    this.#options = options
  }

  /**
   * Sends commands. Never twice: whether one was carried out when its connection broke, nobody knows.
   * @throws AttachmentBackendError when the server cannot be reached or does not answer in time.
   */
  async run<T>(work: (commands: RedisCommands) => Promise<T>): Promise<T> {
    const { client, timeoutMs } = this.#options
    if (client !== undefined) return work((await this.#open()).commands)
    const line = this.#open()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#giveUp(line)
        reject(new AttachmentBackendError(`Redis at ${this.#place} has not answered for ${timeoutMs} ms`))
      }, timeoutMs)
    })
    try {
      return await Promise.race([line.then(({ commands }) => work(commands)), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #open(): Promise<Line> {
    if (this.#line !== undefined) return this.#line
    const { persistence } = this.#options
    const line = this.#dial().then(async opened => {
      try {
        await checkPersistence(opened.commands, persistence)
        return opened
      } catch (error) {
        opened.hangUp()
        throw error
      }
    })
    this.#line = line
    // The next call tries again.
    const giveUp = () => this.#giveUp(line)
    line.then(({ broken }) => broken?.then(giveUp), giveUp)
    return line
  }

  #giveUp(line: Promise<Line>): void {
    if (this.#line === line) this.#line = undefined
    line.then(({ hangUp }) => hangUp()).catch(() => {})
  }

  async #dial(): Promise<Line> {
    const { client: given, url, timeoutMs } = this.#options
    if (given !== undefined) return { commands: commandsOf(given), hangUp() {} }
    // Without a strategy for reconnecting, so that a call fails while the server is away, instead of waiting for it.
    const client = createClient({ url: url as string, socket: { reconnectStrategy: false, connectTimeout: timeoutMs } })
    const broken = new Promise(resolve => client.on('error', resolve))
    try {
      await client.connect()
    } catch (cause) {
      throw new AttachmentBackendError(`cannot reach Redis at ${this.#place}: ${(cause as Error).message}`, { cause })
    }
    return { commands: commandsOf(client), broken, hangUp: () => client.destroy() }
  }

  /** Without user and password. */
  get #place(): string {
    return new URL(this.#options.url as string).host
  }

  /** Ends the connection, if it is our own. No call may be in flight. */
  close(): void {
    if (this.#line !== undefined) this.#giveUp(this.#line)
  }
}
