import { LoopYield } from '@lash/attachments-core/backend'

/** Bytes of bodies that are handed to sockets in one turn of the event loop, which takes about a millisecond. */
const bytesPerTurn = 1024 * 1024

let begunBytes = 0
const sendYield = new LoopYield(bytesPerTurn)

/**
 * Await this before a request with so many bytes. Of many big requests at once, the first begins at once, and the
 * others in turns of the event loop of their own. So other work gets its turns in between.
 * @throws `signal.reason`.
 */
export async function turnToSend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
  while (sendYield.beforeStep(begunBytes) !== undefined) {
    await sendYield.beforeStep(begunBytes)
    signal?.throwIfAborted()
  }
  begunBytes += bytes
}
