import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { ChildModule } from '../harness.ts'
import type { StoreCommand, StoreReply } from './protocol.ts'

/** Another process that has the store open. Dispose of it to kill it. */
export class StoreProcess implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #replies: AsyncIterator<string>
  #errors = ''

  private constructor(child: ChildModule) {
    // In development the worker is TypeScript, as this file is.
    const name = import.meta.url.endsWith('.ts') ? './store-worker.ts' : './store-worker.js'
    const worker = fileURLToPath(new URL(name, import.meta.url))
    this.#process = spawn(process.execPath, [worker, JSON.stringify(child)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A test runner's loaders and flags are not the child's.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#process.stderr.setEncoding('utf8').on('data', text => {
      this.#errors += text
    })
    this.#process.stdin.on('error', () => {})
    this.#replies = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** Resolves when the child has opened the store. */
  static async start(child: ChildModule): Promise<StoreProcess> {
    const started = new StoreProcess(child)
    await started.#reply('ready')
    return started
  }

  /** Has the command run; resolves with its result. */
  async call(command: StoreCommand): Promise<readonly string[]> {
    this.send(command)
    const reply = await this.#reply('done')
    return reply.kind === 'done' ? reply.value : []
  }

  /** Has the command run, for one that tells by {@link nextEvent} how it goes. */
  send(command: StoreCommand): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`)
  }

  /** The next thing that the running command has to tell. */
  async nextEvent(): Promise<string> {
    const reply = await this.#reply('event')
    return reply.kind === 'event' ? reply.value : ''
  }

  /** What the command has told and nobody has asked for, after the child has been killed. */
  async restOfEvents(): Promise<string[]> {
    const events: string[] = []
    for (;;) {
      const { done, value } = await this.#replies.next()
      if (done) return events
      const reply = parse(value)
      if (reply?.kind === 'event') events.push(reply.value)
    }
  }

  /** Kills it at once, as `kill -9` does; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  async #reply(kind: StoreReply['kind']): Promise<StoreReply> {
    const { done, value } = await this.#replies.next()
    if (done) throw new Error(`the child process ended without an answer: ${this.#errors}`)
    const reply = parse(value)
    if (reply === undefined) throw new Error(`the child process printed something else than an answer: ${value}`)
    if (reply.kind === 'failed') throw new Error(`in the child process: ${reply.message}`)
    if (reply.kind !== kind) throw new Error(`the child process answered ${reply.kind} and not ${kind}`)
    return reply
  }
}

/** A line of the child; the last one before a kill may be cut off. */
function parse(line: string): StoreReply | undefined {
  try {
    return JSON.parse(line) as StoreReply
  } catch {
    return undefined
  }
}
