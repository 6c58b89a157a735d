import { join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'

/** The path of a database that is not there yet. */
export function newPath(): string {
  return join(newFolder(), 'attachments.db')
}

/** A plain connection, to look at and to damage what is stored. */
export function rawDatabase(path: string): Database.Database {
  const database = new Database(path)
  onTestFinished(() => {
    database.close()
  })
  return database
}
