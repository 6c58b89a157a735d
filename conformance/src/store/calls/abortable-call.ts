import assert from 'node:assert/strict'
import { rejectsWithReason, settles } from '../../run/expect.ts'

/** A call under way, with the signal that aborts it. */
export class AbortableCall<T> {
  readonly result: Promise<T>
  readonly what: string
  readonly #controller = new AbortController()
  readonly #reason: Error

  constructor(what: string, call: (options: { signal: AbortSignal }) => Promise<T>) {
    this.what = what
    this.#reason = new Error(what)
    this.result = call({ signal: this.#controller.signal })
    // It may reject before the case comes to await it.
    this.result.catch(() => {})
  }

  abort(): void {
    this.#controller.abort(this.#reason)
  }

  /** Aborts it. Fails unless it rejects with the very reason, and soon. */
  async mustAbort(): Promise<void> {
    this.abort()
    await rejectsWithReason(settles(this.result, this.what), this.#reason, this.what)
  }

  /** Aborts it. Returns whether it was done all the same; fails when it rejects with anything but the reason. */
  async mayAbort(): Promise<boolean> {
    this.abort()
    return this.result.then(
      () => true,
      error => {
        assert.ok(error === this.#reason, `${this.what} rejected with ${String(error)}`)
        return false
      },
    )
  }
}
