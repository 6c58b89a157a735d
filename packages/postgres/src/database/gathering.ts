/** How many statements of one kind are under way before the next calls wait to share one. */
const maxUnderWay = 2
/** How many calls share a statement at most, and what they may weigh together, in bytes. */
const maxMembers = 32
const maxWeight = 256 * 1024
/** How long a call waits for others to be done, in milliseconds: a statement that waits for a lock must not hold up who does not need it. */
const patienceMs = 20
/** How long a statement for many may take, in milliseconds. Then it is given up, so that one call that is held up holds up no other for longer. */
const sharedTimeoutMs = 2000

/** How calls of one kind are done, one by one and many at once. Both may be asked to stop by the signal. */
export interface Work<Input, Output> {
  alone(input: Input, signal: AbortSignal | undefined): Promise<Output>
  /**
   * One statement, a transaction of its own, that waits for no transaction of a host. In the order of the inputs; undefined for what was left undone
   * and is to be done alone.
   */
  together(inputs: readonly Input[], signal: AbortSignal): Promise<readonly (Output | undefined)[]>
  /** Inputs of the same key never share a statement. */
  keyOf?(input: Input): string
  /** What the input adds to the size of the statement or of its result, in bytes. */
  weightOf(input: Input): number
}

interface Member<Input, Output> {
  readonly input: Input
  readonly signal: AbortSignal | undefined
  readonly resolve: (output: Output) => void
  readonly reject: (error: unknown) => void
}

/**
 * Calls that come while others of their kind are under way share the next statement: one round trip and one commit for all of them. A lone caller
 * never waits. Each has its own outcome: what goes wrong for all of them together is repeated for each alone.
 */
export class Gathering<Input, Output> {
  readonly #work: Work<Input, Output>
  #waiting: Member<Input, Output>[] = []
  #underWay = 0
  #patience: NodeJS.Timeout | undefined

  constructor(work: Work<Input, Output>) {
    this.#work = work
  }

  /** @param signal - takes the call back while it waits; afterwards it cancels the statement, and the others of it are repeated. */
  run(input: Input, signal?: AbortSignal): Promise<Output> {
    if (this.#underWay < maxUnderWay) return this.#counted(() => this.#work.alone(input, signal))
    return this.#wait(input, signal)
  }

  async #wait(input: Input, signal: AbortSignal | undefined): Promise<Output> {
    signal?.throwIfAborted()
    let takeBack = () => {}
    const outcome = new Promise<Output>((resolve, reject) => {
      const member = { input, signal, resolve, reject }
      this.#waiting.push(member)
      takeBack = () => {
        const place = this.#waiting.indexOf(member)
        if (place < 0) return
        this.#waiting.splice(place, 1)
        reject(signal?.reason)
      }
    })
    this.#patience ??= setTimeout(() => this.#losePatience(), patienceMs)
    signal?.addEventListener('abort', takeBack)
    try {
      return await outcome
    } finally {
      signal?.removeEventListener('abort', takeBack)
    }
  }

  async #counted<T>(statement: () => Promise<T>): Promise<T> {
    this.#underWay++
    try {
      return await statement()
    } finally {
      this.#underWay--
      this.#sendNext()
    }
  }

  #sendNext(): void {
    while (this.#waiting.length > 0 && this.#underWay < maxUnderWay) this.#send(this.#nextGroup())
    if (this.#waiting.length > 0) return
    clearTimeout(this.#patience)
    this.#patience = undefined
  }

  #losePatience(): void {
    this.#patience = undefined
    if (this.#waiting.length > 0) this.#send(this.#nextGroup())
    if (this.#waiting.length > 0) this.#patience = setTimeout(() => this.#losePatience(), patienceMs)
  }

  /** The first that wait, as many as may share a statement. */
  #nextGroup(): Member<Input, Output>[] {
    const group: Member<Input, Output>[] = []
    const left: Member<Input, Output>[] = []
    const keys = new Set<string>()
    let weight = 0
    for (const member of this.#waiting) {
      weight += this.#work.weightOf(member.input)
      const key = this.#work.keyOf?.(member.input)
      const fits = group.length === 0 || (group.length < maxMembers && weight <= maxWeight)
      if (!fits || (key !== undefined && keys.has(key))) {
        left.push(member)
        continue
      }
      if (key !== undefined) keys.add(key)
      group.push(member)
    }
    this.#waiting = left
    return group
  }

  #send(group: readonly Member<Input, Output>[]): void {
    const only = group[0]
    if (group.length > 1 || only === undefined) void this.#counted(() => this.#sendTogether(group))
    else this.#counted(() => this.#work.alone(only.input, only.signal)).then(only.resolve, only.reject)
  }

  async #sendTogether(group: readonly Member<Input, Output>[]): Promise<void> {
    const outputs = await this.#outputs(group)
    group.forEach((member, index) => {
      const output = outputs[index]
      if (output === undefined) this.#work.alone(member.input, member.signal).then(member.resolve, member.reject)
      else member.resolve(output)
    })
  }

  /** Nothing where the statement failed, or was given up: alone, each finds out whether that was because of it. */
  async #outputs(group: readonly Member<Input, Output>[]): Promise<readonly (Output | undefined)[]> {
    const giveUp = new AbortController()
    const onAbort = () => giveUp.abort()
    const timeout = setTimeout(onAbort, sharedTimeoutMs)
    for (const { signal } of group) signal?.addEventListener('abort', onAbort)
    try {
      return await this.#work.together(
        group.map(({ input }) => input),
        giveUp.signal,
      )
    } catch {
      return []
    } finally {
      clearTimeout(timeout)
      for (const { signal } of group) signal?.removeEventListener('abort', onAbort)
    }
  }
}
