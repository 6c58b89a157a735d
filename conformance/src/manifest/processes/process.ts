import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { AttachmentIntentExpiredError, type AttachmentManifest } from '@lash/attachments-core'
import type { ChildModule } from '../../harness.ts'

/** The methods that take and give plain JSON. */
export type RemoteMethod =
  | 'recordIntent'
  | 'commitRefs'
  | 'releaseRefs'
  | 'lookup'
  | 'claimOrphans'
  | 'settleClaims'
  | 'close'

export interface ManifestCall {
  readonly call: number
  readonly method: RemoteMethod
  readonly args: readonly unknown[]
}

export interface ManifestReply {
  readonly call: number
  readonly value?: unknown
  readonly error?: string
  readonly ids?: readonly string[]
}

/** A manifest as another process has it open. */
export type RemoteManifest = Pick<AttachmentManifest, RemoteMethod>

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Another process that has the manifest open. Dispose of it to kill it. */
export class ManifestProcess implements AsyncDisposable {
  /** Its methods are called in the other process, as many at once as there are calls. */
  readonly manifest: RemoteManifest
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  #errors = ''

  private constructor(child: ChildModule) {
    // In development the worker is TypeScript, as this file is.
    const name = import.meta.url.endsWith('.ts') ? './process-worker.ts' : './process-worker.js'
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
    const lines = createInterface({ input: this.#process.stdout })
    lines.on('line', line => this.#answered(line))
    lines.on('close', () => this.#ended())
    this.manifest = {
      recordIntent: (...args) => this.#call('recordIntent', args),
      commitRefs: (...args) => this.#call('commitRefs', args),
      releaseRefs: (...args) => this.#call('releaseRefs', args),
      lookup: (...args) => this.#call('lookup', args),
      claimOrphans: (...args) => this.#call('claimOrphans', args),
      settleClaims: (...args) => this.#call('settleClaims', args),
      close: () => this.#call('close', []),
    }
  }

  /** Resolves when the child has opened the manifest. */
  static async start(child: ChildModule): Promise<ManifestProcess> {
    const started = new ManifestProcess(child)
    await started.#answer(0)
    return started
  }

  /** Kills it at once, as `kill -9` does; resolves when it is gone. Calls under way are rejected. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  #call<T>(method: RemoteMethod, args: readonly unknown[]): Promise<T> {
    const call = ++this.#calls
    const answer = this.#answer(call)
    this.#process.stdin.write(`${JSON.stringify({ call, method, args } satisfies ManifestCall)}\n`)
    return answer as Promise<T>
  }

  #answer(call: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
    })
  }

  #answered(line: string): void {
    const reply = parse(line)
    if (reply === undefined) return
    const { call, value, error, ids } = reply
    const waiting = this.#waiting.get(call)
    this.#waiting.delete(call)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(ids === undefined ? new Error(error) : new AttachmentIntentExpiredError(ids))
  }

  #ended(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(`the child process ended without an answer: ${this.#errors}`))
    }
    this.#waiting.clear()
  }
}

/** A line of the child; the last one before a kill may be cut off. */
function parse(line: string): ManifestReply | undefined {
  try {
    return JSON.parse(line) as ManifestReply
  } catch {
    return undefined
  }
}
