import { rejectBody } from '../content/abandon.ts'
import { AttachmentClosedError } from '../errors.ts'

/** When something is open and when closed, and which calls are in flight. For stores and manifests alike. */
export class Lifetime {
  readonly #what: string
  /** `close` aborts it, with the error that every later call gets. */
  readonly #end = new AbortController()
  #inFlight = 0
  #idle: (() => void) | undefined
  #closed: Promise<void> | undefined

  /** @param what for the message of `AttachmentClosedError`, such as "the fs store". */
  constructor(what: string) {
    this.#what = what
  }

  /** @throws AttachmentClosedError after `close` was called, `signal.reason` after the signal has aborted. */
  assertOpen(signal?: AbortSignal): void {
    this.#end.signal.throwIfAborted()
    signal?.throwIfAborted()
  }

  /** Aborts with the given signal, and when `close` is called. For what outlives its call, such as a stream. */
  until(signal: AbortSignal | undefined): AbortSignal {
    const end = this.#end.signal
    return signal === undefined ? end : AbortSignal.any([end, signal])
  }

  /** Runs one call. It is refused after close or when the signal is aborted, and counted while in flight. */
  async run<T>(signal: AbortSignal | undefined, call: () => T | Promise<T>): Promise<T> {
    this.enter(signal)
    try {
      return await call()
    } finally {
      this.exit()
    }
  }

  /** The beginning of a call. {@link exit} must follow, in a `finally`. */
  enter(signal: AbortSignal | undefined): void {
    this.assertOpen(signal)
    this.#inFlight++
  }

  /** As {@link enter}, for a call with a body. Its source is told when the call is refused or the check fails. */
  enterWith<T>(body: unknown, signal: AbortSignal | undefined, check?: () => T): T {
    try {
      this.assertOpen()
      const checked = check?.() as T
      this.enter(signal)
      return checked
    } catch (error) {
      return rejectBody(body, error)
    }
  }

  exit(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#idle?.()
  }

  /**
   * Refuses calls from now on, aborts the signals that `until` gave, waits for calls in flight, then frees what there
   * is to free. Does this once, however often it is called.
   */
  close(free?: () => Promise<void>): Promise<void> {
    this.#closed ??= new Promise<void>(resolve => {
      this.#end.abort(new AttachmentClosedError(this.#what))
      this.#idle = resolve
      if (this.#inFlight === 0) resolve()
    }).then(free)
    return this.#closed
  }
}
