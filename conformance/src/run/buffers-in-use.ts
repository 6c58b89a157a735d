import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { turn } from './samples.ts'

/** How many bytes of buffers this process uses, without garbage. */
export async function buffersInUse(): Promise<number> {
  const collect = collector()
  let least = Number.POSITIVE_INFINITY
  // A collection frees buffers on another thread, which a busy machine may delay. Only the next collection waits
  // for it.
  for (let unchanged = 0; unchanged < 3; ) {
    collect()
    await turn()
    const used = process.memoryUsage().arrayBuffers
    unchanged = used < least ? 0 : unchanged + 1
    least = Math.min(least, used)
  }
  return least
}

/** Collects garbage at once. */
function collector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } }
  if (Bun !== undefined) return () => Bun.gc(true)
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
