import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Reads process ids, one per line, until its input ends: when whoever started it has gone, however that came about.
 * Then it kills those of the processes that still run out of the folder (a process id may belong to somebody else by
 * then), and removes the folder.
 */
const guardian = `
trap '' INT TERM HUP
pids=
while read -r pid; do pids="$pids $pid"; done
for pid in $pids; do
  if tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1"; then kill -KILL "$pid" 2>/dev/null; fi
done
rm -rf -- "$1"
`

/** Daemons that run out of one folder and never outlive this process, even when it is killed. */
export class Daemons {
  readonly #directory: string
  readonly #guardian: ChildProcess
  #running: { name: string; child: ChildProcess }[] = []

  constructor(directory: string) {
    this.#directory = directory
    this.#guardian = spawn('/bin/sh', ['-c', guardian, 'guardian', directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#guardian.on('error', () => {})
    this.#guardian.stdin?.on('error', () => {})
    unref(this.#guardian)
  }

  /**
   * Starts a daemon in the foreground mode of its own; its output goes to a file of the folder. `args` must name the
   * folder.
   */
  start(name: string, program: string, args: readonly string[]): void {
    const log = openSync(this.#logOf(name), 'a')
    // Its own process group: Ctrl-C reaches this process, which then stops them in order.
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] })
    child.on('error', () => {})
    if (child.pid !== undefined) this.#guardian.stdin?.write(`${child.pid}\n`)
    unref(child)
    this.#running.push({ name, child })
  }

  /** Kills a daemon, and waits for its end. It can be started again. */
  async kill(name: string): Promise<void> {
    const [doomed, others] = [true, false].map(isIt => this.#running.filter(one => (one.name === name) === isIt))
    this.#running = others ?? []
    await Promise.all((doomed ?? []).map(({ child }) => killed(child)))
  }

  /** @throws Error with the end of its log, when one of the daemons has ended. */
  assertRunning(): void {
    for (const { name, child } of this.#running) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${name} ended by itself:\n${readFileSync(this.#logOf(name), 'utf8').slice(-2000)}`)
      }
    }
  }

  /** Kills the daemons and waits for their end. Nothing of theirs is worth keeping. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.reverse().map(({ child }) => killed(child)))
    // With nobody left to kill, it removes the folder.
    const gone = ended(this.#guardian)
    this.#guardian.ref()
    this.#guardian.stdin?.end()
    await gone
  }

  #logOf(name: string): string {
    return join(this.#directory, 'log', `${name}.log`)
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return
  const gone = ended(child)
  child.ref()
  child.kill('SIGKILL')
  await gone
}

function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => child.once('exit', () => resolve()))
}

function unref(child: ChildProcess): void {
  child.unref()
  const stdin = child.stdin as { unref?(): void } | null
  stdin?.unref?.()
}
