import { abortable } from '@lash/attachments-core/backend'

/**
 * The uploads under way of one store, one at a time for each name. An adapter may go on after an abort, and an object
 * may still appear; so the next upload, a removal and the end of the store wait until the adapter has let go.
 */
export class Uploads {
  /** By name, the last upload that was asked for. Resolves when it has ended, with whether the object is there. */
  readonly #last = new Map<string, Promise<boolean>>()

  /**
   * Runs the upload, unless one of the same name that was under way succeeds: the bytes of a name are always the same.
   * Rejects with `signal.reason` as soon as the signal aborts.
   */
  run(name: string, signal: AbortSignal | undefined, upload: () => Promise<void>): Promise<void> {
    const before = this.#last.get(name)
    const running = before === undefined ? upload() : before.then(isThere => (isThere ? undefined : upload()))
    const ended = running.then(
      () => true,
      () => false,
    )
    this.#last.set(name, ended)
    void ended.then(() => {
      if (this.#last.get(name) === ended) this.#last.delete(name)
    })
    return abortable(running, signal)
  }

  /** Resolves when the uploads of these names that are under way have ended. */
  async ended(names: Iterable<string> = this.#last.keys()): Promise<void> {
    await Promise.all(Array.from(names, name => this.#last.get(name)))
  }
}
