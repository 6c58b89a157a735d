import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Attachments } from './attachments.ts'
import { runAtExit } from './exit-tasks.ts'
import type { Crash, FilePut } from './report.ts'
import type { WorkerMessage } from './worker.ts'

const worker = join(import.meta.dirname, 'worker.ts')
const sessionId = 'a-conversation-that-crashes'

/** Starts a second process that puts a file of its own, and one of ours, and kills it before it commits. */
export async function crashBeforeCommit(attachments: Attachments, folder: string, shared: FilePut): Promise<Crash> {
  const child = spawn(process.execPath, [worker, folder, sessionId, shared.path], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const kill = runAtExit(() => child.kill('SIGKILL'))
  try {
    const { orphan } = await untilPut(child)
    const ended = once(child, 'exit')
    kill()
    const [, signal] = await ended
    return {
      sessionId,
      processId: child.pid as number,
      signal,
      orphan,
      shared: { name: shared.name, id: shared.ref.id },
      orphanedContents: await countOrphans(attachments),
    }
  } finally {
    kill()
  }
}

/** What the process says once it has put. @throws Error when it ends before that, with what it complained about. */
async function untilPut(child: ChildProcess): Promise<WorkerMessage> {
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    complaint += text
  })
  return new Promise((resolve, reject) => {
    child.once('message', message => resolve(message as WorkerMessage))
    child.once('error', reject)
    child.once('close', code => reject(new Error(`the second process ended early (${code}): ${complaint.trim()}`)))
  })
}

async function countOrphans({ manifest }: Attachments): Promise<number> {
  const ids = new Set<string>()
  for await (const { attachmentId } of manifest.listUncommitted(Date.now())) ids.add(attachmentId)
  return ids.size
}
