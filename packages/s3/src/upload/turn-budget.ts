import { WaitingLine } from './waiting-line.ts'

/** How many bytes of bodies are given to sockets in one turn of the event loop: it takes about a millisecond. */
const bytesPerTurn = 1024 * 1024

let begunThisTurn = 0
const waiting = new WaitingLine()

/**
 * Await this before a request with so many bytes. Of many big requests that come together, the first begins at once and the
 * others in turns of the event loop of their own, so that what else waits for the loop is not kept until all of them have begun.
 * @throws `signal.reason`.
 */
export function turnToSend(bytes: number, signal: AbortSignal | undefined): Promise<void> | undefined {
  if (begunThisTurn >= bytesPerTurn) return waiting.wait(bytes, signal, () => {})
  if (begunThisTurn === 0) setImmediate(nextTurn)
  begunThisTurn += bytes
  return undefined
}

function nextTurn(): void {
  begunThisTurn = 0
  for (let bytes = waiting.first; bytes !== undefined && begunThisTurn < bytesPerTurn; bytes = waiting.first) {
    begunThisTurn += bytes
    waiting.admit()
  }
  if (begunThisTurn > 0) setImmediate(nextTurn)
}
