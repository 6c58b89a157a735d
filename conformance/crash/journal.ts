import { readFileSync, writeSync } from 'node:fs'

/** A copy, as it stands in a journal. */
export type CopyName = readonly [id: string, generation: number]

/**
 * What a worker says it is about to do, and what it was told. What is about to be done is written before the call, what was told after it: of a
 * killed worker, only what was told counts as promised.
 */
export type JournalEntry =
  | readonly ['put']
  | readonly ['read']
  /** A commit of these copies is about to be asked for. */
  | readonly ['commits', session: string, refs: readonly CopyName[]]
  | readonly ['committed', session: string]
  | readonly ['refused', session: string]
  /** The session is about to let go of these ids. */
  | readonly ['releases', session: string, ids: readonly string[]]
  | readonly ['released', session: string]
  | readonly ['swept', count: number]
  | readonly ['audited', count: number]
  /** Something that must never happen. */
  | readonly ['lost', session: string, id: string, message: string]
  | readonly ['failed', what: string, message: string]

/** Where a worker writes its journal: a file, so that all of what it wrote is there however it ends. */
export const journalDescriptor = 3

/** Does not return before the entry is with the kernel, so that a SIGKILL a moment later takes nothing of it. */
export function journal(entry: JournalEntry): void {
  writeSync(journalDescriptor, `${JSON.stringify(entry)}\n`)
}

/** The entries of a journal whose worker has ended. */
export function readJournal(path: string): JournalEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as JournalEntry)
}
