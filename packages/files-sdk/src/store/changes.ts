import { abortable } from '@lash/attachments-core/backend'

/**
 * The uploads and removals under way of one store, one at a time for each name. An adapter may go on after an abort,
 * and an object may still appear or go; so the next change of its name and the end of the store wait until the adapter
 * has let go.
 */
export class Changes {
  /** By name, the last change that was asked for. Resolves when it has ended, with whether the object is there. */
  readonly #last = new Map<string, Promise<boolean>>()

  /**
   * Runs the upload, unless one of the same name that was under way succeeds: the bytes of a name are always the same.
   * Rejects with `signal.reason` as soon as the signal aborts.
   */
  upload(name: string, signal: AbortSignal | undefined, upload: () => Promise<void>): Promise<void> {
    const before = this.#last.get(name)
    const running = before === undefined ? upload() : before.then(isThere => (isThere ? undefined : upload()))
    this.#follow([name], running, true)
    return abortable(running, signal)
  }

  /** Runs the removal. Rejects with `signal.reason` as soon as the signal aborts. */
  remove(names: readonly string[], signal: AbortSignal | undefined, removal: () => Promise<void>): Promise<void> {
    const running = this.ended(names).then(() => {
      signal?.throwIfAborted()
      return removal()
    })
    this.#follow(names, running, false)
    return abortable(running, signal)
  }

  #follow(names: readonly string[], running: Promise<void>, isThereThen: boolean): void {
    const ended = running.then(
      () => isThereThen,
      () => false,
    )
    for (const name of names) this.#last.set(name, ended)
    void ended.then(() => {
      for (const name of names) if (this.#last.get(name) === ended) this.#last.delete(name)
    })
  }

  /** Resolves when the changes of these names that are under way have ended. */
  async ended(names: Iterable<string> = this.#last.keys()): Promise<void> {
    await Promise.all(Array.from(names, name => this.#last.get(name)))
  }
}
