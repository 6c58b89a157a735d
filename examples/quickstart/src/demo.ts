import { join } from 'node:path'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { type Attachments, openAttachments } from './attachments.ts'
import { commitTurn } from './commit-turn.ts'
import { crashBeforeCommit } from './crash.ts'
import type { DemoFolder } from './demo-folder.ts'
import type { InputFile } from './input-file.ts'
import { readFromOtherSession } from './other-session.ts'
import { findProblems } from './problems.ts'
import { putAgain, putFiles } from './put-files.ts'
import type { DemoReport, FilePut } from './report.ts'
import { loadSessionLog } from './session-log.ts'
import { sweepOrphans } from './sweep-orphans.ts'
import { verify } from './verify.ts'
import type { DemoView } from './view.ts'

const sessionId = 'a-conversation'

/** The life of some attachments, from put to commit, past a crash and a sweep, and back. There is at least one file. */
export async function runDemo(files: readonly InputFile[], folder: DemoFolder, view: DemoView): Promise<DemoReport> {
  const started = performance.now()
  const where = { path: folder.path, kept: folder.kept }
  view.started(
    where,
    files.map(file => file.name),
  )
  const steps = await firstProcessLife(files, folder.path, view)
  const reopened = await secondProcessLife(steps.puts, folder.path, view)
  const report = { folder: where, ...steps, verification: [...steps.verification, reopened] }
  const problems = findProblems(report)
  return { ok: problems.length === 0, problems, ...report, milliseconds: performance.now() - started }
}

type Steps = Required<Omit<DemoReport, 'ok' | 'problems' | 'folder' | 'milliseconds'>>

async function firstProcessLife(files: readonly InputFile[], folder: string, view: DemoView): Promise<Steps> {
  const attachments = openAttachments(folder)
  try {
    return await liveUntilCrash(files, folder, view, attachments)
  } finally {
    await attachments[Symbol.asyncDispose]()
  }
}

async function liveUntilCrash(
  files: readonly InputFile[],
  folder: string,
  view: DemoView,
  attachments: Attachments,
): Promise<Steps> {
  const { store, manifest } = attachments
  const session = new SessionScopedAttachmentStore(store, manifest, sessionId)

  const puts = await putFiles(session, files, view)
  const secondPut = await putAgain(session, largest(files), store.root)
  view.putAgain(secondPut)
  const commit = await commitTurn(session, puts, logPath(folder))
  view.committed(commit, puts)
  const first = puts[0] as FilePut
  const otherSession = await readFromOtherSession(attachments, first)
  view.otherSessionRead(otherSession)
  const crash = await crashBeforeCommit(attachments, folder, first)
  view.crashed(crash)
  const sweep = await sweepOrphans(attachments, crash)
  view.swept(sweep, crash)
  const verification = await verify(session, puts, 'in the same process')
  view.verified(verification)
  return { puts, secondPut, commit, otherSession, crash, sweep, verification: [verification] }
}

/** What a restarted host does: it opens everything again and knows of attachments what its session log says. */
async function secondProcessLife(puts: readonly FilePut[], folder: string, view: DemoView) {
  const attachments = openAttachments(folder)
  try {
    const log = await loadSessionLog(logPath(folder))
    const session = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, log.sessionId)
    const refs = new Map(log.turns.flatMap(turn => turn.attachments).map(ref => [ref.id, ref]))
    const logged = puts.flatMap(put => {
      const ref = refs.get(put.ref.id)
      return ref === undefined ? [] : [{ ...put, ref }]
    })
    const verification = await verify(session, logged, 'after reopening')
    view.verified(verification)
    return verification
  } finally {
    await attachments[Symbol.asyncDispose]()
  }
}

function largest(files: readonly InputFile[]): InputFile {
  return files.reduce((a, b) => (b.byteLength > a.byteLength ? b : a))
}

function logPath(folder: string): string {
  return join(folder, 'session-log.json')
}
