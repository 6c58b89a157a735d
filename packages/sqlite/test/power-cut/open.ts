import { openSqliteAttachments, type SqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import type { Scenario } from './steps.ts'

/** Whether the database is a host's, and open there. */
export function hasHost(scenario: Scenario): boolean {
  return scenario.includes('guest')
}

/** Opens store and manifest as the processes of a scenario do. */
export function openAs(scenario: Scenario, path: string): { attachments: SqliteAttachments; close(): Promise<void> } {
  if (!hasHost(scenario)) {
    const attachments = openSqliteAttachments(path)
    return { attachments, close: attachments.close }
  }
  const database = new Database(path)
  if (scenario === 'guests in WAL mode') database.pragma('journal_mode = WAL')
  const attachments = openSqliteAttachments({ database })
  const close = async () => {
    await attachments.close()
    database.close()
  }
  return { attachments, close }
}
