import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/*
 * Each open store has a folder of its own in `root/tmp`. The folder's name tells others whether its writer can still be alive:
 *
 *   <thread id>-<start of the thread>-<machine>-<random>
 *
 * On Linux each thread has an id; that of a process is the id of its first. A worker thread may end long before its process does, and leave
 * what it was doing. An id alone is used again by others, so the start of the thread (in clock ticks since boot) goes with it.
 * Both mean something only within one boot of one machine and within one PID namespace (a container has its own): `machine` is a digest of
 * these. Where threads have no ids, it is the id of the process, and 0.
 */

const namePattern = /^([0-9]+)-([0-9]+)-([0-9a-f]{16})-[0-9a-f]{8}$/

const machine: string = createHash('sha256').update(machineIdentity()).digest('hex').slice(0, 16)

/** A name for a new writer of this thread. */
export function newWriterId(): string {
  const thread = ownThread()
  const start = thread === undefined ? undefined : startOf(thread)
  return `${thread ?? process.pid}-${start ?? 0}-${machine}-${randomUUID().slice(0, 8)}`
}

/** Whether a name is that of a writer, of this process or another. What has no such name is somebody else's. */
export function isWriterId(name: string): boolean {
  return namePattern.test(name)
}

/**
 * Whether the writer of that name lives: true or false where it can be known, undefined for a writer in another container, on
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
    // EPERM: it exists and is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** The id of the thread that calls, on Linux, where `/proc` is that of this process's namespace. */
function ownThread(): number | undefined {
  try {
    const [pid, , thread] = readlinkSync('/proc/thread-self').split('/')
    return pid === String(process.pid) ? Number(thread) : undefined
  } catch {
    return undefined
  }
}

/** When a thread started, on Linux; undefined elsewhere and when there is no such thread. */
function startOf(id: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1')
    // The second field is the program's name in parentheses and may hold anything; the 22nd is the start.
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
