import { refuse } from '../content/abandon.ts'
import { AttachmentClosedError } from '../errors.ts'

/** Counts the calls in flight of something that can be closed. For stores and manifests alike. */
export class Lifetime {
  readonly #what: string
  /** Aborted by `close`, with what calls are refused with from then on. */
  readonly #end = new AbortController()
  #inFlight = 0
  #idle: (() => void) | undefined
  #closed: Promise<void> | undefined

  /** @param what - for the message of `AttachmentClosedError`, such as "the fs store". */
  constructor(what: string) {
    this.#what = what
  }

  /** @throws AttachmentClosedError after `close` was called. */
  assertOpen(): void {
    this.#end.signal.throwIfAborted()
  }

  /** Aborts with the given signal and when `close` is called: for what outlives its call, such as a stream. */
  until(signal: AbortSignal | undefined): AbortSignal {
    const end = this.#end.signal
    return signal === undefined ? end : AbortSignal.any([end, signal])
  }

  /** Runs one call: refused after close or when the signal is aborted, counted while in flight. */
  async run<T>(signal: AbortSignal | undefined, call: () => T | Promise<T>): Promise<T> {
    this.enter(signal)
    try {
      return await call()
    } finally {
      this.exit()
    }
  }

  /** The beginning of a call; {@link exit} has to follow, in a `finally`. */
  enter(signal: AbortSignal | undefined): void {
    this.assertOpen()
    signal?.throwIfAborted()
    this.#inFlight++
  }

  /** As {@link enter}, for a call that is given a body: when the call is refused, or the check fails, the body's source is told. */
  enterWith<T>(body: unknown, signal: AbortSignal | undefined, check: () => T): T {
    try {
      this.assertOpen()
      const checked = check()
      this.enter(signal)
      return checked
    } catch (error) {
      return refuse(body, error)
    }
  }

  exit(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#idle?.()
  }

  /** Refuses calls from now on, ends what runs `until`, waits for calls in flight, then frees what there is to free; once. */
  close(free: () => Promise<void>): Promise<void> {
    this.#closed ??= this.#close(free)
    return this.#closed
  }

  async #close(free: () => Promise<void>): Promise<void> {
    this.#end.abort(new AttachmentClosedError(this.#what))
    if (this.#inFlight > 0) {
      await new Promise<void>(resolve => {
        this.#idle = resolve
      })
    }
    await free()
  }
}
