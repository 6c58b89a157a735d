/*
 * How a process of the example ends: when the one that started it says so, at once when that one has gone, and not by a
 * Ctrl-C, which a terminal sends to all of them and which is for the first one to answer.
 */

/** Aborts when the process is to finish what it is doing and end. */
export function whenAskedToStop(): AbortSignal {
  const stopping = new AbortController()
  process.on('SIGINT', () => {})
  process.on('message', message => {
    if (message === 'stop') stopping.abort()
  })
  process.on('disconnect', () => process.exit(1))
  return stopping.signal
}

/** Sends the message and lets go of the one that started this process. */
export async function sayLast(message: object): Promise<void> {
  await new Promise(resolve => process.send?.(message, resolve))
  process.removeAllListeners('disconnect')
  process.disconnect?.()
}
