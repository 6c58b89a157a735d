import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

/** What a host opens once: where the bytes are, who refers to them, and where it logs its conversation. */
export interface Host {
  store: FileAttachmentStore
  manifest: SqliteAttachmentManifest
  logPath: string
  session(sessionId: string): SessionScopedAttachmentStore
  close(): Promise<void>
}

/** Opens everything in a folder. Several processes may do so at the same time. */
export function openHost(folder: string): Host {
  const store = new FileAttachmentStore(join(folder, 'attachments'))
  const manifest = new SqliteAttachmentManifest({ path: join(folder, 'manifest.db') })
  return {
    store,
    manifest,
    logPath: join(folder, 'session-log.json'),
    session: sessionId => new SessionScopedAttachmentStore(store, manifest, sessionId),
    async close() {
      await Promise.all([store.close(), manifest.close()])
    },
  }
}

/** What a host keeps of a conversation. Attachments are in it as refs: plain JSON, a few hundred bytes each. */
export interface SessionLog {
  sessionId: string
  turns: { role: 'user' | 'assistant'; text: string; attachments: AttachmentRef[] }[]
}

/**
 * Ends a turn: commits exactly what the log will name, then writes the log. Gives it as it was written.
 *
 * In this order, since the log is a file and cannot share a transaction with the manifest. A crash in between leaves
 * bytes that go when the session is deleted, never a log that points at bytes which a sweep may take. A host that has
 * its log in SQLite or PostgreSQL does both in one transaction: see `in-your-transaction-*.ts`.
 */
export async function commitTurn(
  { logPath }: Host,
  session: SessionScopedAttachmentStore,
  attachments: AttachmentRef[],
): Promise<string> {
  await session.commit({ refs: attachments })
  const text = 'Here are the files. What do you make of them?'
  const log: SessionLog = { sessionId: session.sessionId, turns: [{ role: 'user', text, attachments }] }
  const json = `${JSON.stringify(log, undefined, 2)}\n`
  // Renamed, so that a reader finds the old log or the new one, also after a crash.
  await writeFile(`${logPath}.new`, json, { flush: true })
  await rename(`${logPath}.new`, logPath)
  return json
}

export async function loadLog({ logPath }: Host): Promise<SessionLog> {
  return JSON.parse(await readFile(logPath, 'utf8'))
}
