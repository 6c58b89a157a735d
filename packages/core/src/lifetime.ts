import { AttachmentClosedError } from './errors.ts'

/** Counts the calls in flight of something that can be closed. For stores and manifests alike. */
export class Lifetime {
  readonly #what: string
  #inFlight = 0
  #idle: (() => void) | undefined
  #closed: Promise<void> | undefined

  /** @param what - for the message of `AttachmentClosedError`, such as "the fs store". */
  constructor(what: string) {
    this.#what = what
  }

  /** @throws AttachmentClosedError after `close` was called. */
  assertOpen(): void {
    if (this.#closed !== undefined) throw new AttachmentClosedError(this.#what)
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

  exit(): void {
    this.#inFlight--
    if (this.#inFlight === 0) this.#idle?.()
  }

  /** Refuses calls from now on, waits for those in flight, then frees what there is to free; once. */
  close(free: () => Promise<void>): Promise<void> {
    this.#closed ??= this.#close(free)
    return this.#closed
  }

  async #close(free: () => Promise<void>): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>(resolve => {
        this.#idle = resolve
      })
    }
    await free()
  }
}
