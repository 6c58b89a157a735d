import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Cell } from './cell.ts'
import type { Measurement } from './measure.ts'

/** One contender in one cell. */
export interface Entry {
  /** The checkout whose contender it is: this one, or one of another version. */
  readonly checkout: string
  readonly cell: Cell
  readonly contenderName: string
  /** Where the process makes a folder of its own. */
  readonly folder: string
  /** Where the servers are. */
  readonly env: NodeJS.ProcessEnv
}

/** A contender in a process of its own, which takes turns when it is told to. */
export class ContenderProcess {
  /** How fast it was while it was warmed up, where that was possible. */
  readonly opsPerSecond: number | undefined
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  private constructor(child: ChildProcess, ended: Promise<never>, opsPerSecond: number | undefined) {
    this.#child = child
    this.#ended = ended
    this.opsPerSecond = opsPerSecond
  }

  /** Undefined where the contender cannot do what the cell asks for. */
  static async start({ checkout, cell, contenderName, folder, env }: Entry): Promise<ContenderProcess | undefined> {
    const worker = fileURLToPath(new URL('../worker.ts', import.meta.url))
    const child = fork(worker, [checkout, cell.id, contenderName, folder], {
      env: { ...process.env, ...env },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const ended = failureOf(child)
    const [{ able, opsPerSecond }] = await Promise.race([once(child, 'message'), ended])
    const started = new ContenderProcess(child, ended, opsPerSecond)
    if (able) return started
    await started.end()
    return undefined
  }

  /** Does so many operations. */
  async turn(count: number): Promise<Measurement> {
    this.#child.send(count)
    const [measurement] = await Promise.race([once(this.#child, 'message'), this.#ended])
    return measurement
  }

  async end(): Promise<void> {
    if (!this.#child.connected) return
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    const [code] = await exit
    if (code !== 0) await this.#ended
  }
}

/** Rejects, with what the process has complained of, when it ends. */
function failureOf(child: ChildProcess): Promise<never> {
  let complaint = ''
  child.stderr?.on('data', text => {
    complaint = `${complaint}${text}`.slice(-2000)
  })
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(lastError(complaint))))
  })
  ended.catch(() => {})
  return ended
}

function lastError(complaint: string): string {
  return complaint.split('\n').find(line => /^\S*Error/.test(line)) ?? 'the contender ended without a result'
}
