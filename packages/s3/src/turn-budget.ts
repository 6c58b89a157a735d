/** How many bytes of bodies are given to sockets in one turn of the event loop: it takes about a millisecond. */
const bytesPerTurn = 1024 * 1024

let begunThisTurn = 0
const waiting: { readonly bytes: number; begin(): void }[] = []

/**
 * Await this before a request with so many bytes. Of many big requests that come together, the first begins at once and the
 * others in turns of the event loop of their own, so that what else waits for the loop is not kept until all of them have begun.
 */
export function turnToSend(bytes: number): Promise<void> | undefined {
  if (begunThisTurn >= bytesPerTurn) return new Promise(begin => waiting.push({ bytes, begin }))
  if (begunThisTurn === 0) setImmediate(nextTurn)
  begunThisTurn += bytes
  return undefined
}

function nextTurn(): void {
  begunThisTurn = 0
  while (begunThisTurn < bytesPerTurn) {
    const next = waiting.shift()
    if (next === undefined) break
    begunThisTurn += next.bytes
    next.begin()
  }
  if (begunThisTurn > 0) setImmediate(nextTurn)
}
