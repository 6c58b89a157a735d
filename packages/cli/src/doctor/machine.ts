import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { spaceFinding } from './disk.ts'
import { type Finding, finding } from './finding.ts'

/** Each stream and each request has a file or a socket open; an S3 store alone may have 128. */
const fewFiles = 4096

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

/** Node raises its own limit to the hard one when it starts. */
function openFiles(): number | 'unlimited' | undefined {
  // Otherwise it looks up the names of all peers.
  Object.assign(process.report, { excludeNetwork: true })
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } }
  return report.userLimits?.open_files?.soft
}
