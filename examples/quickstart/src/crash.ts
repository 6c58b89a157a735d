import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { AttachmentRef } from '@lash/attachments-core'
import { onExit } from 'signal-exit'
import { type Host, openHost } from './host.ts'
import type { Crash, FilePut } from './report.ts'

/*
 * The crash needs a second process. This file is its program, too: see the last lines.
 */

const sessionId = 'a-conversation-that-crashes'

/** Starts a process that puts bytes of its own, and a file of ours, and kills it before it commits. */
export async function crashBeforeCommit(host: Host, folder: string, shared: FilePut): Promise<Crash> {
  const child = fork(import.meta.filename, [folder, shared.path], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const kill = () => child.kill('SIGKILL')
  const stopWatching = onExit(() => void kill())
  try {
    const orphan = await untilPut(child)
    const ended = once(child, 'exit')
    kill()
    const [, signal] = await ended
    return {
      sessionId,
      processId: child.pid as number,
      signal,
      orphan,
      shared: { name: shared.name, id: shared.ref.id },
      orphanedContents: await countOrphans(host),
    }
  } finally {
    kill()
    stopWatching()
  }
}

/** What the process has put for itself. @throws Error when it ends before that, with what it complained about. */
async function untilPut(child: ChildProcess): Promise<AttachmentRef> {
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    complaint += text
  })
  return new Promise((resolve, reject) => {
    child.once('message', orphan => resolve(orphan as AttachmentRef))
    child.once('error', reject)
    child.once('close', code => reject(new Error(`the second process ended early (${code}): ${complaint.trim()}`)))
  })
}

/** Contents that a sweep would take. */
async function countOrphans({ manifest }: Host): Promise<number> {
  const ids = new Set<string>()
  for await (const { attachmentId } of manifest.listUncommitted(Date.now())) ids.add(attachmentId)
  return ids.size
}

/** Puts two files, says so, and waits for its end, which comes before it can commit. */
async function putAndWait(folder: string, sharedPath: string): Promise<void> {
  // This listener also keeps the process running. Should the demo itself die, this one must not stay behind.
  process.on('disconnect', () => process.exit(1))
  const session = openHost(folder).session(sessionId)
  const draft = new TextEncoder().encode(`A draft that nobody will ever commit, ${randomUUID()}.\n`)
  const orphan = await session.put(draft, { mediaType: 'text/plain', label: 'draft.txt' })
  await session.put(createReadStream(sharedPath), { mediaType: 'application/octet-stream' })
  process.send?.(orphan)
}

if (process.argv[1] === import.meta.filename) {
  await putAndWait(process.argv[2] as string, process.argv[3] as string)
}
