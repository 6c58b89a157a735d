import type { Database, Statement } from 'better-sqlite3'

/** A statement whose integers are numbers, also on the handle of a host that has them as BigInt. */
export function prepare(database: Database, sql: string): Statement {
  return database.prepare(sql).safeIntegers(false)
}
