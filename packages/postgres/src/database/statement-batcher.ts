/** How many statements of one kind are in flight before further calls wait and share the next one. */
const maxInFlight = 2
/** Limits of a shared statement: the number of its calls, and the bytes that they add up to. */
const maxCalls = 32
const maxBytes = 256 * 1024
/**
 * Longest wait for the statements in flight, in milliseconds: one that is blocked by a lock must not delay calls that
 * need no lock.
 */
const maxWaitMs = 20
/**
 * A shared statement is cancelled after so many milliseconds. Its calls are then repeated alone, so a blocked call
 * delays no other.
 */
const sharedTimeoutMs = 2000

/** One kind of call, as a statement for one call and as a statement for many. Both stop when the signal aborts. */
export interface BatchableCall<Input, Output> {
  single(input: Input, signal: AbortSignal | undefined): Promise<Output>
  /**
   * One statement in a transaction of its own, which waits for no transaction of a host. The outputs are in the order
   * of the inputs; undefined where the statement left a call undone, which is then made alone.
   */
  batch(inputs: readonly Input[], signal: AbortSignal): Promise<readonly (Output | undefined)[]>
  /** Inputs with the same key never share a statement. */
  keyOf?(input: Input): string
  /** What the input adds to the statement or to its result, in bytes. */
  byteLengthOf(input: Input): number
}

interface WaitingCall<Input, Output> {
  readonly input: Input
  readonly signal: AbortSignal | undefined
  readonly resolve: (output: Output) => void
  readonly reject: (error: unknown) => void
}

/**
 * Calls that arrive while others of their kind are in flight share the next statement: one round trip and one commit
 * for all of them. A lone call is sent at once. Each call has its own outcome: when a shared statement fails, each of
 * its calls is repeated alone.
 */
export class StatementBatcher<Input, Output> {
  readonly #call: BatchableCall<Input, Output>
  #waiting: WaitingCall<Input, Output>[] = []
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined

  constructor(call: BatchableCall<Input, Output>) {
    this.#call = call
  }

  /**
   * @param signal - removes the call while it waits. Later it cancels the statement, and the other calls of it are
   * repeated.
   */
  run(input: Input, signal?: AbortSignal): Promise<Output> {
    if (this.#inFlight < maxInFlight) return this.#counted(() => this.#call.single(input, signal))
    return this.#wait(input, signal)
  }

  async #wait(input: Input, signal: AbortSignal | undefined): Promise<Output> {
    signal?.throwIfAborted()
    let leave = () => {}
    const outcome = new Promise<Output>((resolve, reject) => {
      const call = { input, signal, resolve, reject }
      this.#waiting.push(call)
      leave = () => {
        const index = this.#waiting.indexOf(call)
        if (index < 0) return
        this.#waiting.splice(index, 1)
        reject(signal?.reason)
      }
    })
    this.#timer ??= setTimeout(() => this.#sendOverdue(), maxWaitMs)
    signal?.addEventListener('abort', leave)
    try {
      return await outcome
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  async #counted<T>(statement: () => Promise<T>): Promise<T> {
    this.#inFlight++
    try {
      return await statement()
    } finally {
      this.#inFlight--
      this.#sendNext()
    }
  }

  #sendNext(): void {
    while (this.#waiting.length > 0 && this.#inFlight < maxInFlight) this.#send(this.#nextBatch())
    if (this.#waiting.length > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #sendOverdue(): void {
    this.#timer = undefined
    if (this.#waiting.length > 0) this.#send(this.#nextBatch())
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#sendOverdue(), maxWaitMs)
  }

  /** The calls that have waited longest, as many as may share a statement. */
  #nextBatch(): WaitingCall<Input, Output>[] {
    const batch: WaitingCall<Input, Output>[] = []
    const left: WaitingCall<Input, Output>[] = []
    const keys = new Set<string>()
    let bytes = 0
    for (const call of this.#waiting) {
      bytes += this.#call.byteLengthOf(call.input)
      const key = this.#call.keyOf?.(call.input)
      const fits = batch.length === 0 || (batch.length < maxCalls && bytes <= maxBytes)
      if (!fits || (key !== undefined && keys.has(key))) {
        left.push(call)
        continue
      }
      if (key !== undefined) keys.add(key)
      batch.push(call)
    }
    this.#waiting = left
    return batch
  }

  #send(batch: readonly WaitingCall<Input, Output>[]): void {
    const [first] = batch
    if (batch.length > 1 || first === undefined) void this.#counted(() => this.#sendBatch(batch))
    else this.#counted(() => this.#call.single(first.input, first.signal)).then(first.resolve, first.reject)
  }

  async #sendBatch(batch: readonly WaitingCall<Input, Output>[]): Promise<void> {
    const outputs = await this.#outputs(batch)
    batch.forEach(({ input, signal, resolve, reject }, index) => {
      const output = outputs[index]
      if (output === undefined) this.#call.single(input, signal).then(resolve, reject)
      else resolve(output)
    })
  }

  /** Empty when the statement failed or was cancelled: repeated alone, each call finds out whether it was the cause. */
  async #outputs(batch: readonly WaitingCall<Input, Output>[]): Promise<readonly (Output | undefined)[]> {
    const cancel = new AbortController()
    const onAbort = () => cancel.abort()
    const timeout = setTimeout(onAbort, sharedTimeoutMs)
    for (const { signal } of batch) signal?.addEventListener('abort', onAbort)
    try {
      return await this.#call.batch(
        batch.map(({ input }) => input),
        cancel.signal,
      )
    } catch {
      return []
    } finally {
      clearTimeout(timeout)
      for (const { signal } of batch) signal?.removeEventListener('abort', onAbort)
    }
  }
}
