import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How much the buffers may grow between two collections, in bytes. */
const growthBytes = 16 * 1024 * 1024
const intervalMs = 10

type Collect = (options?: { type: 'minor' }) => void

/**
 * For commands that go through a whole store: collects garbage early. Node waits for some 64 MiB of buffers, and a heap
 * that may grow waits for tens of megabytes of objects. Buffers of a connection, such as those of `pg`, are freed by
 * nothing but a collection.
 */
export function collectOften(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  let young = 0
  let old = 0
  const look = () => {
    const now = process.memoryUsage().arrayBuffers
    young = Math.min(young, now)
    old = Math.min(old, now)
    if (now < young + growthBytes) return
    collect({ type: 'minor' })
    young = process.memoryUsage().arrayBuffers
    if (young < old + growthBytes) return
    // What outlives minor collections, though nobody needs it, goes with one of the whole heap.
    collect()
    young = process.memoryUsage().arrayBuffers
    old = young
  }
  setInterval(look, intervalMs).unref()
}
