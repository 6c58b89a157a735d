import { LoopYield } from '@lash/attachments-core/backend'

/** How many bytes of bodies are given to sockets in one turn of the event loop: it takes about a millisecond. */
const bytesPerTurn = 1024 * 1024

let begunBytes = 0
const sendYield = new LoopYield(bytesPerTurn, () => begunBytes)

/**
 * Await this before a request with so many bytes. Of many big requests that come together, the first begins at once and the
 * others in turns of the event loop of their own, so that what else waits for the loop is not kept until all of them have begun.
 * @throws `signal.reason`.
 */
export async function turnToSend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
  for (let turn = sendYield.beforeStep(); turn !== undefined; turn = sendYield.beforeStep()) {
    await turn
    signal?.throwIfAborted()
  }
  begunBytes += bytes
}
