import { readFileSync, writeSync } from 'node:fs'

/** A copy as a journal names it. */
export type CopyName = readonly [id: string, generation: number]

/**
 * What a worker does and hears. It writes an entry before a call and another after the answer. Only what a killed
 * worker has heard counts as promised.
 */
export type JournalEntry =
  | readonly ['put']
  | readonly ['read']
  /** A holder, by the name of its hold, is about to commit these copies. */
  | readonly ['commits', hold: string, refs: readonly CopyName[]]
  | readonly ['committed', hold: string]
  | readonly ['refused', hold: string]
  /** A holder is about to release these ids. */
  | readonly ['releases', hold: string, ids: readonly string[]]
  | readonly ['released', hold: string]
  /** What was put has been committed under a draft. */
  | readonly ['drafted']
  /** So many contents have been adopted and committed. */
  | readonly ['adopted', count: number]
  /** A fork has got everything of its session. */
  | readonly ['forked']
  | readonly ['swept', count: number]
  | readonly ['audited', count: number]
  /** Something that must never happen. */
  | readonly ['lost', hold: string, id: string, message: string]
  | readonly ['failed', what: string, message: string]

/** The journal is a file, so every entry is there however the worker ends. */
export const journalDescriptor = 3

/** Returns when the kernel has the entry, so a SIGKILL right after it loses nothing. */
export function journal(entry: JournalEntry): void {
  writeSync(journalDescriptor, `${JSON.stringify(entry)}\n`)
}

/** The entries of a journal whose worker has ended. */
export function readJournal(path: string): JournalEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as JournalEntry)
}
