import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

/** How long a process may take to end after it was asked to; then it is killed. */
const patienceMs = 20_000

/** A process of the example. */
export class Child<Message extends { readonly type: string }> {
  readonly name: string
  /** Rejects when the process ends without having been asked to, with what it complained about. Never resolves. */
  readonly failed: Promise<never>
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  readonly #listeners = new Set<(message: Message) => void>()
  #expected = false
  #complaint = ''

  /** @param module - file beside this one. */
  constructor(name: string, module: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name
    this.#process = spawn(process.execPath, [join(import.meta.dirname, module), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', text => {
      this.#complaint = (this.#complaint + text).slice(-4000)
    })
    this.#process.on('message', message => {
      for (const listener of this.#listeners) listener(message as Message)
    })
    this.#exited = new Promise(resolve => {
      this.#process.once('close', () => resolve())
      this.#process.once('error', error => {
        this.#complaint += error.message
        resolve()
      })
    })
    this.failed = new Promise((_, reject) => {
      this.#exited.then(() => {
        if (!this.#expected) reject(new Error(`${name} ended by itself: ${this.#complaint.trim()}`))
      })
    })
  }

  get processId(): number {
    return this.#process.pid as number
  }

  onMessage(listener: (message: Message) => void): void {
    this.#listeners.add(listener)
  }

  /** The next message of the type. */
  next<Type extends Message['type']>(type: Type): Promise<Extract<Message, { type: Type }>> {
    return new Promise(resolve => {
      const listener = (message: Message) => {
        if (message.type !== type) return
        this.#listeners.delete(listener)
        resolve(message as Extract<Message, { type: Type }>)
      }
      this.#listeners.add(listener)
    })
  }

  /** Asks it to finish what it is doing, and waits for its end. @throws Error when it ends in another way. */
  async stop(): Promise<void> {
    if (this.#ended) return
    this.#expected = true
    this.#process.send('stop', () => {})
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), patienceMs)
    await this.#exited
    clearTimeout(timer)
    if (this.#process.exitCode === 0) return
    const how = this.#process.signalCode ?? this.#process.exitCode
    throw new Error(`${this.name} did not stop in order (${how}): ${this.#complaint.trim()}`)
  }

  /** Kills it, as a machine does that fails. Gives the signal that ended it. */
  async kill(): Promise<string | null> {
    this.#expected = true
    this.#process.kill('SIGKILL')
    await this.#exited
    return this.#process.signalCode
  }

  get #ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined
  }
}
