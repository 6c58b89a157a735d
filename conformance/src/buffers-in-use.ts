import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { turn } from './samples.ts'

/** How many bytes of buffers this process uses, garbage not counted. */
export async function buffersInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let least = Number.POSITIVE_INFINITY
  // A collection frees buffers on a thread of its own, that a busy machine may let wait: only the next one waits for it.
  for (let unchanged = 0; unchanged < 3; ) {
    collect()
    await turn()
    const used = process.memoryUsage().arrayBuffers
    unchanged = used < least ? 0 : unchanged + 1
    least = Math.min(least, used)
  }
  return least
}
