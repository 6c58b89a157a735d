import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { spaceFinding } from './disk.ts'
import { type Finding, finding } from './finding.ts'

/** Each stream and each request has a file or a socket open; an S3 store alone may have 128. */
const fewFiles = 4096

/** With 32 puts at once, more threads of libuv's pool add little. */
const manyThreads = 16

/** What this machine allows a host: open files, and room for the streams that wait until their id is known. */
export async function examineMachine(): Promise<Finding[]> {
  const folder = tmpdir()
  const { bavail, blocks, bsize } = await statfs(folder)
  return [
    openFilesFinding(openFiles()),
    spaceFinding('spool space', folder, { free: bavail * bsize, total: blocks * bsize }),
  ]
}

export function openFilesFinding(limit: number | 'unlimited' | undefined): Finding {
  const check = 'open files'
  if (limit === undefined) return finding('note', check, 'this system has no such limit')
  const message = `a process may have ${limit} files open`
  if (limit === 'unlimited' || limit >= fewFiles) return finding('ok', check, message)
  return finding(
    'warning',
    check,
    message,
    `raise the hard limit for the hosts: ulimit -Hn 65536, or LimitNOFILE=65536`,
  )
}

/**
 * How many syncs of files a process may have under way. That of a host has to be asked for when it starts, and only
 * that of this process can be seen.
 */
export function threadPoolFinding(size: string | undefined = process.env.UV_THREADPOOL_SIZE): Finding {
  const check = 'thread pool'
  // As libuv reads it: what is no number is 1.
  const threads = size === undefined ? 4 : Math.min(Math.max(Number.parseInt(size, 10) || 1, 1), 1024)
  const message = `a process started as this one was syncs ${threads} files at once`
  if (threads >= manyThreads) return finding('ok', check, message)
  const advice = `for many puts at once, start hosts with UV_THREADPOOL_SIZE=${manyThreads}, unless durability is relaxed`
  return finding('note', check, message, advice)
}

/** Node raises its own limit to the hard one when it starts. */
function openFiles(): number | 'unlimited' | undefined {
  // Otherwise it looks up the names of all peers.
  Object.assign(process.report, { excludeNetwork: true })
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } }
  return report.userLimits?.open_files?.soft
}
