import { stat } from 'node:fs/promises'
import type { Database } from 'better-sqlite3'
import prettyBytes from 'pretty-bytes'
import { type Finding, finding } from '../finding.ts'

/** Eight times what our own checkpoints leave. */
const longLogBytes = 256 * 1024 * 1024
const MiB = 1024 * 1024

/** Looks at the settings of a database file, through a connection that may be read-only. Reads no tables. */
export async function examineSqlite(database: Database): Promise<Finding[]> {
  return [journalMode(database), await log(database), freePages(database)]
}

function journalMode(database: Database): Finding {
  const mode = database.pragma('journal_mode', { simple: true })
  if (mode === 'wal') return finding('ok', 'journal mode', 'WAL: readers and writers do not wait for each other')
  return finding(
    'warning',
    'journal mode',
    `${mode}: readers and writers wait for each other`,
    'while no host runs: PRAGMA journal_mode = WAL',
  )
}

async function log({ name }: Database): Promise<Finding> {
  const size = await stat(`${name}-wal`).then(
    file => file.size,
    () => 0,
  )
  const message = `the log has ${prettyBytes(size, { binary: true })}`
  if (size < longLogBytes) return finding('ok', 'log', message)
  const advice = 'look for a host, a backup or a shell that keeps a read transaction open: the log grows until it ends'
  return finding('warning', 'log', message, advice)
}

function freePages(database: Database): Finding {
  const [free, all, size] = ['freelist_count', 'page_count', 'page_size'].map(name =>
    Number(database.pragma(name, { simple: true })),
  ) as [number, number, number]
  const message = `${prettyBytes(free * size, { binary: true })} of ${prettyBytes(all * size, { binary: true })} are empty`
  if (free <= all / 2 || free * size < 64 * MiB) return finding('ok', 'file', message)
  return finding('note', 'file', message, 'the next puts use that room; VACUUM gives it back, while no host runs')
}
