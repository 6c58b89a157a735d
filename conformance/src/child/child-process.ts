import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable, type Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import type { ChildModule } from '../harness.ts'
import { watchCall } from '../watch/calls-under-way.ts'
import { type Services, serviceMethods, type WorkerCall, type WorkerLine } from './services.ts'

type Waiting = Pick<PromiseWithResolvers<unknown>, 'resolve' | 'reject'>

/** Another process that has a store or a manifest open. Dispose of it to kill it. */
export class ChildProcess<Kind extends keyof Services> implements AsyncDisposable {
  /**
   * What the process does when it is asked: as many calls at once as the case makes. Calls under way reject when
   * it is killed.
   */
  readonly remote: Services[Kind]
  readonly #kind: Kind
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #waiting = new Map<number, Waiting>()
  readonly #events = new Readable({ objectMode: true, read() {} })
  readonly #nextEvent: AsyncIterator<string>
  #calls = 0
  #errors = ''

  private constructor(kind: Kind, child: ChildModule) {
    this.#kind = kind
    // In development the worker is TypeScript, as this file is.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = fileURLToPath(new URL(`./${kind}-worker.${extension}`, import.meta.url))
    this.#process = spawn(process.execPath, [worker, JSON.stringify(child)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // The loaders and flags of a test runner are not for the child.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#process.stderr.setEncoding('utf8').on('data', text => {
      this.#errors += text
    })
    this.#process.stdin.on('error', () => {})
    const lines = createInterface({ input: this.#process.stdout })
    lines.on('line', line => this.#take(line))
    lines.on('close', () => this.#ended())
    this.#nextEvent = this.#events[Symbol.asyncIterator]()
    const methods: readonly PropertyKey[] = serviceMethods[kind]
    const calls = methods.map(method => [method, (...args: unknown[]) => this.#call(String(method), args)])
    this.remote = Object.fromEntries(calls)
  }

  /** Resolves when the process has opened what the module opens. */
  static async start<Kind extends keyof Services>(kind: Kind, child: ChildModule): Promise<ChildProcess<Kind>> {
    const started = new ChildProcess(kind, child)
    await watchCall(`the start of another process with the ${kind}`, started.#end(0))
    return started
  }

  /** The next thing that a call under way has to tell. */
  async nextEvent(): Promise<string> {
    const { done, value } = await this.#nextEvent.next()
    if (done) throw new Error(`the child process ended: ${this.#errors}`)
    return value
  }

  /** What calls have told and nobody has asked for. Call it when the process has been killed. */
  async restOfEvents(): Promise<string[]> {
    const events: string[] = []
    for (;;) {
      const { done, value } = await this.#nextEvent.next()
      if (done) return events
      events.push(value)
    }
  }

  /** Kills the process at once, as `kill -9` does; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  #call(method: string, args: readonly unknown[]): Promise<unknown> {
    const call = ++this.#calls
    const end = watchCall(`${this.#kind}.${method} in another process`, this.#end(call))
    this.#process.stdin.write(`${JSON.stringify({ call, method, args } satisfies WorkerCall)}\n`)
    return end
  }

  #end(call: number): Promise<unknown> {
    const { promise, ...waiting } = Promise.withResolvers<unknown>()
    this.#waiting.set(call, waiting)
    return promise
  }

  #take(text: string): void {
    const line = parse(text)
    if (line === undefined) return
    if ('event' in line) return void this.#events.push(line.event)
    const waiting = this.#waiting.get(line.call)
    this.#waiting.delete(line.call)
    if (!('error' in line)) waiting?.resolve(line.value)
    else if (line.expiredIds !== undefined) waiting?.reject(new AttachmentIntentExpiredError(line.expiredIds))
    else waiting?.reject(new Error(`in the child process: ${line.error}`))
  }

  #ended(): void {
    const error = new Error(`the child process ended without an answer: ${this.#errors}`)
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#events.push(null)
  }
}

/** A line of the child. The last one before a kill may be cut off. */
function parse(line: string): WorkerLine | undefined {
  try {
    return JSON.parse(line) as WorkerLine
  } catch {
    return undefined
  }
}
