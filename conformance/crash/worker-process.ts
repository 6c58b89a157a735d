import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type JournalEntry, readJournal } from './journal.ts'
import type { PairAddress } from './pair.ts'
import type { WorkerOrders } from './worker.ts'

const workerFile = fileURLToPath(new URL('worker.ts', import.meta.url))

/** A worker in a process of its own. It opens the pair and waits for orders: its start takes longer than most lives. */
export class WorkerProcess {
  /** The name by which a PostgreSQL server knows its connections. */
  readonly name: string = `crash-${randomBytes(12).toString('hex')}`
  readonly #journalPath: string
  readonly #child: ChildProcess
  readonly #ready: Promise<unknown>
  readonly #exited: Promise<unknown>
  #working: Promise<unknown> | undefined

  constructor(address: PairAddress, journalPath: string) {
    this.#journalPath = journalPath
    const descriptor = openSync(journalPath, 'a')
    this.#child = fork(workerFile, [JSON.stringify(address)], {
      stdio: ['ignore', 'inherit', 'inherit', descriptor, 'ipc'],
      execArgv: [],
      // Workers share what they have compiled.
      env: { ...process.env, PGAPPNAME: this.name, NODE_COMPILE_CACHE: join(dirname(journalPath), 'compiled') },
    })
    closeSync(descriptor)
    this.#ready = once(this.#child, 'message')
    this.#exited = once(this.#child, 'exit')
    this.#ready.catch(() => {})
  }

  async start(orders: WorkerOrders): Promise<void> {
    await Promise.race([this.#ready, this.#exited])
    if (this.#child.exitCode !== null) throw new Error('a worker ended by itself before it began')
    // Something else has killed the worker. It is dead, as ordered.
    if (this.hasEnded) return
    const working = once(this.#child, 'message')
    this.#child.send(orders, () => {})
    this.#working = Promise.race([working, this.#exited])
  }

  /**
   * Resolves when one of its sessions has done its first turn, or it has died. Then it has done something, on any
   * machine.
   */
  async works(): Promise<void> {
    await this.#working
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Kills it, unless it has died, and returns what it wrote. */
  async kill(): Promise<JournalEntry[]> {
    if (!this.hasEnded) this.#child.kill('SIGKILL')
    await this.#exited
    return readJournal(this.#journalPath)
  }

  /** Resolves when it has died. */
  async died(): Promise<void> {
    await this.#exited
  }
}
