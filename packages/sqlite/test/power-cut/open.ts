import Database from 'better-sqlite3'
import { openSqliteAttachments, type SqliteAttachments } from '../../src/index.ts'
import type { Scenario } from './steps.ts'

/** Opens store and manifest as the processes of a scenario do. */
export function openAs(scenario: Scenario, path: string): { attachments: SqliteAttachments; close(): Promise<void> } {
  if (scenario !== 'as guests') {
    const attachments = openSqliteAttachments(path)
    return { attachments, close: attachments.close }
  }
  const database = new Database(path)
  const attachments = openSqliteAttachments({ database })
  const close = async () => {
    await attachments.close()
    database.close()
  }
  return { attachments, close }
}
