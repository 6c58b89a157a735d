import { abortable } from '@lash/attachments-core/backend'

/**
 * The uploads under way of one store, one at a time for each name. An adapter may go on after an abort, and an object
 * may still appear; so the next upload, a removal and the end of the store wait until the adapter has let go.
 */
export class Uploads {
  readonly #last = new Map<string, Promise<void>>()

  /** Runs the upload after those of the same name. Rejects with `signal.reason` as soon as the signal aborts. */
  run(name: string, signal: AbortSignal | undefined, upload: () => Promise<void>): Promise<void> {
    const before = this.#last.get(name)
    const running = before === undefined ? upload() : before.then(upload)
    const settled = running
      .catch(() => {})
      .then(() => {
        if (this.#last.get(name) === settled) this.#last.delete(name)
      })
    this.#last.set(name, settled)
    return abortable(running, signal)
  }

  /** Resolves when the uploads of these names that are under way have ended. */
  async ended(names: Iterable<string> = this.#last.keys()): Promise<void> {
    await Promise.all(Array.from(names, name => this.#last.get(name)))
  }
}
