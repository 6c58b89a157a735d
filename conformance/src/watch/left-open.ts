import { type AsyncHook, createHook } from 'node:async_hooks'
import { openFiles } from './open-files.ts'

/** Something that keeps a process alive while it is open. */
interface Opened {
  readonly type: string
  /** Where it was opened. Its stack is written out only when somebody asks for it. */
  readonly stack: { readonly stack?: string }
  readonly resource: WeakRef<{ hasRef?(): boolean; unref?(): void }>
  /** What led to it, where there is no frame of a program: an address was looked up before. */
  readonly cause: Opened | undefined
}

/** In the names of async_hooks. */
const names: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  TCPWRAP: 'a connection',
  PIPEWRAP: 'a pipe',
  TCPSERVERWRAP: 'a server',
  PIPESERVERWRAP: 'a server',
  UDPWRAP: 'a socket',
  PROCESSWRAP: 'a child process',
  WORKER: 'a thread',
  FSEVENTWRAP: 'a watch of files',
  STATWATCHER: 'a watch of files',
}
/** These open nothing, and lead to what does. */
const steps: readonly string[] = ['GETADDRINFOREQWRAP', 'TCPCONNECTWRAP', 'PIPECONNECTWRAP']
const frames = 16
const shownFrames = 4
/** Files and connections close on other threads, which a busy machine may delay. */
const graceMs = 10_000
const pauseMs = 20

/**
 * Knows what was opened since it was made and is still open: connections, timers, processes and whatever else keeps a
 * Node process alive, with where each was opened, and on Linux files by their names. Bun and Deno tell of files alone.
 */
export class LeftOpen {
  readonly #opened = new Map<number, Opened>()
  readonly #hook: AsyncHook | undefined
  readonly #filesBefore = openFiles()
  #ownTimer: object | undefined

  constructor() {
    if ('Bun' in globalThis || 'Deno' in globalThis) return
    const init = (id: number, type: string, trigger: number, resource: object) => {
      if (type in names || steps.includes(type)) this.#opened.set(id, this.#describe(type, trigger, resource))
    }
    const destroy = (id: number) => void this.#opened.delete(id)
    // Promises are none of its business, and would cost the most.
    this.#hook = createHook({ init, destroy, trackPromises: false } as Parameters<typeof createHook>[0]).enable()
  }

  /** What keeps the process alive now. */
  now(): string[] {
    return this.#alive().map(opened => `${names[opened.type]}, opened at ${placeOf(opened)}`)
  }

  /**
   * Ends the watch: what is still open after a moment. What keeps the process alive is let go of, so that a test run
   * ends and shows this.
   */
  async end(): Promise<string[]> {
    const deadline = performance.now() + graceMs
    while (this.#alive().length + this.#files().length > 0 && performance.now() < deadline) await this.#pause()
    this.#hook?.disable()
    const left = [...this.now(), ...this.#files().map(path => `the file ${path}`)]
    for (const { resource } of this.#alive()) resource.deref()?.unref?.()
    return left
  }

  async #pause(): Promise<void> {
    await new Promise(resolve => {
      this.#ownTimer = setTimeout(resolve, pauseMs)
    })
  }

  #describe(type: string, trigger: number, resource: object): Opened {
    const stack: Opened['stack'] = {}
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = frames
    Error.captureStackTrace(stack)
    Error.stackTraceLimit = stackTraceLimit
    return { type, stack, resource: new WeakRef(resource), cause: this.#opened.get(trigger) }
  }

  #alive(): Opened[] {
    return [...this.#opened.values()].filter(opened => {
      const resource = opened.resource.deref()
      if (resource?.hasRef?.() !== true || resource === this.#ownTimer) return false
      return opened.type in names && !isOfRunner(opened)
    })
  }

  #files(): string[] {
    const before = [...this.#filesBefore]
    return openFiles().filter(path => {
      const index = before.indexOf(path)
      if (index !== -1) before.splice(index, 1)
      return index === -1
    })
  }
}

/** A runner has timers of its own, for its limits. */
function isOfRunner(opened: Opened): boolean {
  const [opener] = programFrames(opened)
  if (opener === undefined) return /node:internal\/(test_runner|main)/.test(opened.stack.stack ?? '')
  return /[\\/]node_modules[\\/](@vitest|vitest|tinypool)[\\/]/.test(opener)
}

function placeOf(opened: Opened): string {
  const [first, ...others] = programFrames(opened)
  if (first === undefined) return 'a place that is not known'
  return [first, ...others.slice(0, shownFrames - 1)].join('\n    from ')
}

/** The frames that are not of Node, of what was opened or of what led to it. */
function programFrames({ stack, cause }: Opened): string[] {
  const lines = (stack.stack ?? '').split('\n').flatMap(line => /^\s+at (.*)/.exec(line)?.[1] ?? [])
  const ours = lines.filter(frame => !/\(?node:|left-open\.[jt]s/.test(frame))
  return ours.length > 0 || cause === undefined ? ours : programFrames(cause)
}
