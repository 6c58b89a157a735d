import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/*
 * Each open store has a folder of its own in `root/tmp`. The folder's name tells others whether its writer can still be alive:
 *
 *   <process id>-<start of the process>-<machine>-<random>
 *
 * A process id alone is used again by others, so the start of the process (in clock ticks since boot) goes with it. Both mean something
 * only within one boot of one machine and within one PID namespace (a container has its own): `machine` is a digest of these.
 */

const namePattern = /^([0-9]+)-([0-9]+)-([0-9a-f]{16})-[0-9a-f]{8}$/

const machine: string = createHash('sha256').update(machineIdentity()).digest('hex').slice(0, 16)

/** A name for a new writer of this process. */
export function newWriterName(): string {
  return `${process.pid}-${startOf(process.pid) ?? 0}-${machine}-${randomUUID().slice(0, 8)}`
}

/** Whether a name is that of a writer, of this process or another. What has no such name is somebody else's. */
export function isWriterName(name: string): boolean {
  return namePattern.test(name)
}

/**
 * Whether the writer of that name lives: true or false where it can be known, undefined for a writer in another container, on
 * another machine or before the last boot, and for a name that is no writer's.
 */
export function isWriterAlive(name: string): boolean | undefined {
  const match = namePattern.exec(name)
  if (match === null || match[3] !== machine) return undefined
  const pid = Number(match[1])
  if (!processExists(pid)) return false
  const start = startOf(pid)
  return start === undefined || match[2] === '0' ? undefined : start === match[2]
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** When a process started, on Linux; undefined elsewhere and when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
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
