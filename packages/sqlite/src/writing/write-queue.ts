import { LoopYield } from '@lash/attachments-core/backend'
import type { GroupWriter } from './group-writer.ts'
import type { Operation, OperationKind, OperationRequest, OperationResult } from './operations.ts'
import { errorOf } from './outcome.ts'

/** What one transaction may weigh, also of a big put: whoever comes next waits for it, in any process. */
export const groupWeight: number = 4 * 1024 * 1024
/** What a row weighs: to write one, with its indexes, takes about as long as to write so many bytes. */
const rowWeight = 2 * 1024

interface Waiting {
  operation: Operation
  weight: number
  resolve(value: never): void
  reject(error: unknown): void
  signal: AbortSignal | undefined
}

export interface SubmitOptions {
  /** How many bytes of content it writes. Default 0. */
  bytes?: number
  /** How many rows it writes or deletes, about. Default 2: its own, and one that refers to it. */
  rows?: number
  /** Takes the operation back while it waits. Once it runs, it is completed. */
  signal?: AbortSignal | undefined
}

/**
 * Group commit: what is submitted in one turn, or while a group is being written, shares the next transaction and its
 * one sync. A promise resolves when its commit is on the disk.
 */
export class WriteQueue {
  readonly #writer: GroupWriter
  /** Writes in place hold up the event loop, so of many puts that follow each other, only some run in one turn. */
  readonly #loopYield = new LoopYield()
  #waiting: Waiting[] = []
  #scheduled = false
  #writing = false
  #idle: (() => void) | undefined

  constructor(writer: GroupWriter) {
    this.#writer = writer
  }

  submit<K extends OperationKind>(
    kind: K,
    request: OperationRequest<K>,
    { bytes = 0, rows = 2, signal }: SubmitOptions = {},
  ): Promise<OperationResult<K>> {
    return new Promise((resolve, reject) => {
      const weight = bytes + rows * rowWeight
      this.#waiting.push({ operation: { kind, request }, weight, resolve, reject, signal })
      if (this.#scheduled || this.#writing) return
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        void this.#write()
      })
    })
  }

  /** Waits for everything submitted, and closes the writer. */
  async close(): Promise<void> {
    if (this.#scheduled || this.#writing) {
      await new Promise<void>(resolve => {
        this.#idle = resolve
      })
    }
    await this.#writer.close()
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const turn = this.#loopYield.beforeStep()
      if (turn !== undefined) await turn
      const group = this.#nextGroup()
      if (group.length > 0) await this.#writeGroup(group)
      await this.#writer.moveLogWhenDue(this.#waiting.length > 0)
    }
    this.#writing = false
    this.#idle?.()
  }

  #nextGroup(): Waiting[] {
    const group: Waiting[] = []
    let weight = 0
    let taken = 0
    for (const waiting of this.#waiting) {
      if (group.length > 0 && weight + waiting.weight > groupWeight) break
      taken++
      if (waiting.signal?.aborted) {
        waiting.reject(waiting.signal.reason)
        continue
      }
      group.push(waiting)
      weight += waiting.weight
    }
    this.#waiting.splice(0, taken)
    return group
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const operations = group.map(waiting => waiting.operation)
    const weight = group.reduce((sum, waiting) => sum + waiting.weight, 0)
    try {
      const outcomes = await this.#writer.write(operations, weight)
      outcomes.forEach((outcome, index) => {
        const waiting = group[index] as Waiting
        if ('value' in outcome) waiting.resolve(outcome.value as never)
        else waiting.reject(errorOf(outcome.failure))
      })
    } catch (error) {
      for (const waiting of group) waiting.reject(error)
    }
  }
}
