import { Child } from './child.ts'
import { environmentOf, type HostSettings } from './host/settings.ts'
import {
  noWork,
  type SweeperMessage,
  type SweeperTally,
  sumOfWork,
  type WorkerMessage,
  type WorkerTally,
} from './messages.ts'

/** Short, so that sweeps get in the way of turns: the slow ones take longer than the grace. In production it is hours. */
const sweepEveryMs = 200
const graceMs = 400
const slowTurnMs = 700

/** The processes that work, and what they have said so far. All of them are gone when this is disposed of. */
export class Crew implements AsyncDisposable {
  /** What the processes found to be wrong. */
  readonly problems: string[] = []
  swept: SweeperTally = { sweeps: 0, reclaimed: 0, failures: 0 }
  readonly #settings: HostSettings
  readonly #running = new Set<Child<WorkerMessage>>()
  readonly #sweeper: Child<SweeperMessage>
  /** Of each worker, one for each of its lives. */
  readonly #tallies = new Map<string, WorkerTally[]>()
  readonly #failed = Promise.withResolvers<never>()

  /** Starts the sweeper. */
  constructor(settings: HostSettings, signal: AbortSignal) {
    this.#settings = settings
    this.#failed.promise.catch(() => {})
    signal.addEventListener('abort', () => this.#failed.reject(signal.reason), { once: true })
    this.#sweeper = this.#start<SweeperMessage>('the sweeper', 'sweeper.ts', [sweepEveryMs, graceMs])
    this.#sweeper.onMessage(message => {
      if (message.type === 'tally') this.swept = message.tally
    })
  }

  startWorker(name: string): Child<WorkerMessage> {
    const child = this.#start<WorkerMessage>(name, 'worker.ts', [name, slowTurnMs])
    const tallies = this.#tallies.get(name) ?? []
    const life = tallies.push(noWork) - 1
    this.#tallies.set(name, tallies)
    this.#running.add(child)
    child.onMessage(message => {
      if (message.type === 'tally') tallies[life] = message.tally
    })
    return child
  }

  #start<Message extends WorkerMessage | SweeperMessage>(
    name: string,
    module: string,
    args: readonly (string | number)[],
  ): Child<Message> {
    const child = new Child<Message>(name, module, args.map(String), environmentOf(this.#settings))
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
  kill(worker: Child<WorkerMessage>): Promise<string | null> {
    this.#running.delete(worker)
    return worker.kill()
  }

  /** Of each worker, over its lives. A life that was cut short may have done a little more than it could say. */
  get work(): { name: string; tally: WorkerTally }[] {
    return [...this.#tallies].map(([name, tallies]) => ({ name, tally: sumOfWork(tallies) }))
  }

  /** Has them finish what they are doing, the workers first. @throws Error when one does not end in order. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map(worker => worker.stop()))
    await this.#sweeper.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In order if possible, so that nothing of theirs arrives at the servers after their end. None outlives its patience.
    await Promise.allSettled([...this.#running, this.#sweeper].map(child => child.stop()))
  }
}
