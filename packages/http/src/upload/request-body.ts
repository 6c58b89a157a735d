import { IdleTimer } from '../idle.ts'
import { HttpProblem, malformed } from '../problem.ts'

/** Reads the body of a request chunk by chunk, and not one chunk before it is asked for. */
export class RequestBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #signal: AbortSignal
  readonly #idle: IdleTimer
  #fail: (error: unknown) => void = () => {}
  readonly #onAbort = () => this.#fail(aborted())

  constructor(request: Request, idleTimeoutMs: number) {
    this.#reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
    this.#signal = request.signal
    this.#idle = new IdleTimer(idleTimeoutMs, () =>
      this.#fail(new HttpProblem(408, 'timeout', `nothing came for ${idleTimeoutMs} ms`)),
    )
    this.#signal.addEventListener('abort', this.#onAbort)
  }

  /**
   * The next chunk, or undefined at the end.
   * @throws HttpProblem when the client goes away or sends nothing for too long.
   */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#reader === undefined) return undefined
    const reader = this.#reader
    this.#idle.start()
    try {
      const { done, value } = await new Promise<{ done: boolean; value?: Uint8Array | undefined }>(
        (resolve, reject) => {
          this.#fail = reject
          if (this.#signal.aborted) reject(aborted())
          reader.read().then(resolve, () => reject(aborted()))
        },
      )
      if (done) return undefined
      if (value instanceof Uint8Array) return value
      throw malformed('the body is not made of bytes')
    } finally {
      this.#idle.pause()
    }
  }

  /**
   * Ends the reading. Does not cancel the body: where it comes from a socket, that would close the socket before the
   * client has its answer. What to do with the rest is up to the server.
   */
  release(): void {
    this.#idle.stop()
    this.#signal.removeEventListener('abort', this.#onAbort)
    try {
      this.#reader?.releaseLock()
    } catch {
      // An older runtime, and a read that is under way.
    }
  }
}

/** Hardly anybody hears it: the client has gone. */
function aborted(): HttpProblem {
  return new HttpProblem(400, 'aborted', 'the upload broke off')
}
