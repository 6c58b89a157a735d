import { open, readFile, rename } from 'node:fs/promises'
import type { AttachmentRef } from '@lash/attachments-core'

/** What a host keeps of a conversation. Attachments are in it as refs: plain JSON, a few hundred bytes each. */
export interface SessionLog {
  sessionId: string
  turns: SessionTurn[]
}

export interface SessionTurn {
  role: 'user' | 'assistant'
  text: string
  attachments: AttachmentRef[]
}

/** Writes the log so that a reader, also after a crash, finds the old one or the new one. */
export async function saveSessionLog(path: string, log: SessionLog): Promise<void> {
  const staged = `${path}.new`
  const file = await open(staged, 'w')
  try {
    await file.writeFile(serialize(log))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(staged, path)
}

export async function loadSessionLog(path: string): Promise<SessionLog> {
  return JSON.parse(await readFile(path, 'utf8'))
}

/** Bytes of the log as it is written. */
export function logBytes(log: SessionLog): number {
  return Buffer.byteLength(serialize(log))
}

/** Bytes that the same log would have with the attachments in it, as base64. */
export function inlineLogBytes(log: SessionLog): number {
  const refs = log.turns.flatMap(turn => turn.attachments)
  const base64 = refs.map(({ byteLength }) => `,\n          "data": ""`.length + 4 * Math.ceil(byteLength / 3))
  return base64.reduce((sum, bytes) => sum + bytes, logBytes(log))
}

function serialize(log: SessionLog): string {
  return `${JSON.stringify(log, undefined, 2)}\n`
}
