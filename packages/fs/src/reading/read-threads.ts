import { availableParallelism } from 'node:os'
import { ReadThread } from './read-thread.ts'
import type { ReadReply, ReadRequest } from './read-worker.ts'

const processors = availableParallelism()
/** With one processor there is nothing to gain. Four read as fast as the calling thread can give out the bytes. */
const maxThreads = processors === 1 ? 0 : Math.min(4, processors)

/** Those that all stores of this process share. */
const threads = new Set<ReadThread>()
/** Whether threads work here. */
let hasStarted = false
let hasFailed = false

/**
 * Reads and hashes a file on another thread. Undefined when the caller should do so itself: while threads are being
 * started, where they do not work, and when the read has failed.
 * @param underWay - how many are being read, this one included: more threads are of no use.
 */
export async function readOnThread(request: ReadRequest, underWay: number): Promise<ReadReply> {
  startMissing(Math.min(maxThreads, underWay))
  let thread: ReadThread | undefined
  for (const each of threads) if (each.isReady && each.load < (thread?.load ?? Infinity)) thread = each
  return thread?.ask(request)
}

function startMissing(wanted: number): void {
  if (hasFailed && !hasStarted) return
  try {
    while (threads.size < wanted) threads.add(new ReadThread(ended))
  } catch {
    // A process that may not have threads (`node --permission`) is told at once.
    hasFailed = true
  }
}

function ended(thread: ReadThread): void {
  threads.delete(thread)
  if (thread.isReady) hasStarted = true
  else hasFailed = true
}
