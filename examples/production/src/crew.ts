import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { noWork, type SweeperTally, sumOfWork, type WorkerTally } from './report.ts'

/** What the processes tell the demonstration. */
export type Message =
  /** A worker has found what its last life left. */
  | { readonly type: 'started'; readonly resumed: number; readonly finishedDeletions: number }
  /** Attachments of a turn are put and not committed. */
  | { readonly type: 'answering' }
  | { readonly type: 'work'; readonly tally: WorkerTally }
  | { readonly type: 'sweeps'; readonly tally: SweeperTally }
  | { readonly type: 'problem'; readonly problem: string }

/** How long a process may take to end after it was asked to; then it is killed. */
const patienceMs = 20_000

/** A process of the demonstration. */
export class Child {
  readonly name: string
  readonly process: ChildProcess
  /** Rejects when the process ends without having been asked to, with what it complained about. Never resolves. */
  readonly failed: Promise<never>
  readonly #closed: Promise<unknown>
  #expected = false
  #complaint = ''

  /** @param module - file beside this one. */
  constructor(name: string, module: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name
    this.process = fork(join(import.meta.dirname, module), args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.process.stderr?.setEncoding('utf8').on('data', text => {
      this.#complaint = (this.#complaint + text).slice(-4000)
    })
    this.#closed = once(this.process, 'close').catch(error => {
      this.#complaint += error.message
    })
    this.failed = new Promise((_, reject) => {
      this.#closed.then(() => {
        if (!this.#expected) reject(new Error(`${name} ended by itself: ${this.#complaint.trim()}`))
      })
    })
  }

  onMessage(listener: (message: Message) => void): void {
    this.process.on('message', message => listener(message as Message))
  }

  /** The next message of the type. */
  next<Type extends Message['type']>(type: Type): Promise<Extract<Message, { type: Type }>> {
    return new Promise(resolve => {
      this.onMessage(message => {
        if (message.type === type) resolve(message as Extract<Message, { type: Type }>)
      })
    })
  }

  /** Asks it to finish what it is doing, and waits for its end. @throws Error when it ends in another way. */
  async stop(): Promise<void> {
    this.#expected = true
    if (this.process.connected) this.process.send('stop', () => {})
    const timer = setTimeout(() => this.process.kill('SIGKILL'), patienceMs)
    await this.#closed
    clearTimeout(timer)
    const { exitCode, signalCode } = this.process
    if (exitCode === 0) return
    throw new Error(`${this.name} did not stop in order (${signalCode ?? exitCode}): ${this.#complaint.trim()}`)
  }

  /** Kills it, as a machine does that fails. Gives the signal that ended it. */
  async kill(): Promise<string | null> {
    this.#expected = true
    this.process.kill('SIGKILL')
    await this.#closed
    return this.process.signalCode
  }
}

/** Short, so that sweeps get in the way of turns: slow turns take longer than the grace. In production it is hours. */
const sweepEveryMs = 200
const graceMs = 400
const slowTurnMs = 700

/** The processes that work, and what they have said so far. */
export class Crew {
  /** What the processes found to be wrong. */
  readonly problems: string[] = []
  swept: SweeperTally = { sweeps: 0, reclaimed: 0, failures: 0 }
  readonly #env: NodeJS.ProcessEnv
  readonly #workers = new Set<Child>()
  readonly #sweeper: Child
  /** Of each worker, one for each of its lives. */
  readonly #tallies = new Map<string, WorkerTally[]>()
  readonly #failed = Promise.withResolvers<never>()

  /** Starts the sweeper. */
  constructor(env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.#env = env
    this.#failed.promise.catch(() => {})
    signal.addEventListener('abort', () => this.#failed.reject(signal.reason), { once: true })
    this.#sweeper = this.#start('the sweeper', 'sweeper.ts', [sweepEveryMs, graceMs])
    this.#sweeper.onMessage(message => {
      if (message.type === 'sweeps') this.swept = message.tally
    })
  }

  startWorker(name: string): Child {
    const child = this.#start(name, 'worker.ts', [name, slowTurnMs])
    const tallies = this.#tallies.get(name) ?? []
    const life = tallies.push(noWork) - 1
    this.#tallies.set(name, tallies)
    this.#workers.add(child)
    child.onMessage(message => {
      if (message.type === 'work') tallies[life] = message.tally
    })
    return child
  }

  #start(name: string, module: string, args: readonly (string | number)[]): Child {
    const child = new Child(name, module, args.map(String), this.#env)
    child.failed.catch(this.#failed.reject)
    child.onMessage(message => {
      if (message.type === 'problem') this.problems.push(message.problem)
    })
    return child
  }

  /** What the promise gives, unless a process ends by itself, or the signal aborts, before that. */
  orFail<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed.promise])
  }

  /** Kills a worker, as a machine does that fails. Gives the signal that ended it. */
  kill(worker: Child): Promise<string | null> {
    this.#workers.delete(worker)
    return worker.kill()
  }

  /** Of each worker, over its lives. A life that was cut short may have done a little more than it could say. */
  get work(): { name: string; tally: WorkerTally }[] {
    return [...this.#tallies].map(([name, tallies]) => ({ name, tally: sumOfWork(tallies) }))
  }

  /** Has them finish what they are doing, the workers first. @throws Error when one does not end in order. */
  async stop(): Promise<void> {
    await Promise.all([...this.#workers].map(worker => worker.stop()))
    await this.#sweeper.stop()
  }

  /** As `stop`, however things stand. None outlives its patience, so nothing of theirs reaches the servers later. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#workers, this.#sweeper].map(child => child.stop()))
  }
}

/*
 * The other end, in a process of the crew. It ends when it is asked to, and at once when the one that started it has
 * gone. It does not end by Ctrl-C, which a terminal sends to all processes: that one is for the first to answer.
 */

/** Tells the one that started this process. */
export function say(message: Message): void {
  process.send?.(message)
}

/** Aborts when the process is to finish what it is doing and end. */
export function whenAskedToStop(): AbortSignal {
  const stopping = new AbortController()
  process.on('SIGINT', () => {})
  process.on('message', message => {
    if (message === 'stop') stopping.abort()
  })
  process.on('disconnect', () => process.exit(1))
  return stopping.signal
}

/** Sends the message and lets go of the one that started this process. */
export async function sayLast(message: Message): Promise<void> {
  await new Promise(resolve => process.send?.(message, resolve))
  process.removeAllListeners('disconnect')
  process.disconnect?.()
}
