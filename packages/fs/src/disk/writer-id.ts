import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/*
 * Each open store is a writer, with a folder of its own in `root/tmp`. The folder's name is the writer's id, which
 * tells others whether the writer can still be alive:
 *
 *   <thread id>-<start of the thread>-<machine>-<random>
 *
 * It names a thread, not a process, because a worker thread may end long before its process does, and leave its files
 * behind. On Linux each thread has an id; a process has that of its first thread. The system uses ids again, so the
 * start of the thread (in clock ticks since boot) goes with it. Both mean something only within one boot of one machine
 * and within one PID namespace (a container has its own): `machine` is a digest of these. Where threads have no ids,
 * the id is that of the process, and the start is 0.
 */

const namePattern = /^([0-9]+)-([0-9]+)-([0-9a-f]{16})-[0-9a-f]{8}$/

const machine: string = createHash('sha256').update(machineIdentity()).digest('hex').slice(0, 16)

/** The id of a new writer on this thread. */
export function newWriterId(): string {
  const thread = ownThread()
  const start = thread === undefined ? undefined : startOf(thread)
  return `${thread ?? process.pid}-${start ?? 0}-${machine}-${randomUUID().slice(0, 8)}`
}

/** Whether a name is that of a writer, in this process or another. Whatever has another name is somebody else's. */
export function isWriterId(name: string): boolean {
  return namePattern.test(name)
}

/**
 * Whether the writer is alive: true or false where that can be known; undefined for a writer in another container, on
 * another machine or before the last boot, and for a name that is no writer's.
 */
export function isWriterAlive(name: string): boolean | undefined {
  const match = namePattern.exec(name)
  if (match === null || match[3] !== machine) return undefined
  const thread = Number(match[1])
  if (!exists(thread)) return false
  const start = startOf(thread)
  return start === undefined || match[2] === '0' ? undefined : start === match[2]
}

function exists(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The id of the calling thread; undefined but on Linux, where `/proc` is that of this process's namespace. */
function ownThread(): number | undefined {
  try {
    const [pid, , thread] = readlinkSync('/proc/thread-self').split('/')
    return pid === String(process.pid) ? Number(thread) : undefined
  } catch {
    return undefined
  }
}

/** When a thread started, on Linux; undefined elsewhere, and when there is no such thread. */
function startOf(id: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1')
    // The second field is the program's name in parentheses, which may contain anything; the 22nd is the start.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function machineIdentity(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}
