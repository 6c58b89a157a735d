import type { AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { FilePut, TurnCommit } from './report.ts'
import { inlineLogBytes, logBytes, type SessionLog, saveSessionLog } from './session-log.ts'

/**
 * Ends a turn: commits what was put, then writes the turn with its refs into the session log.
 *
 * In this order, since the log is a file and cannot share a transaction with the manifest: a crash in between leaves bytes that a
 * deleted session frees, never a log that points at bytes which a sweep may take. A host whose log is in the same SQLite
 * database does both in one transaction, with `commitRefsSync`.
 */
export async function commitTurn(
  session: SessionScopedAttachmentStore,
  puts: readonly FilePut[],
  logPath: string,
): Promise<TurnCommit> {
  const started = performance.now()
  await session.commit()
  const refs = distinctRefs(puts)
  const log: SessionLog = {
    sessionId: session.sessionId,
    turns: [{ role: 'user', text: 'Here are the files. What do you make of them?', attachments: refs }],
  }
  await saveSessionLog(logPath, log)
  return {
    sessionId: session.sessionId,
    refs,
    sessionLogBytes: logBytes(log),
    inlineLogBytes: inlineLogBytes(log),
    milliseconds: performance.now() - started,
  }
}

/** One ref for each content, however often it was given. */
function distinctRefs(puts: readonly FilePut[]): AttachmentRef[] {
  return puts.flatMap(put => (put.sameBytesAs === undefined ? [put.ref] : []))
}
