/** What one life of a worker process has done so far. */
export interface WorkerTally {
  /** Turns saved, and turns that the user stopped. */
  turns: number
  cancelledTurns: number
  /** Attachments of the turns saved, and their bytes. */
  attachments: number
  bytes: number
  /** Attachments of earlier turns that were read for a later one. */
  readBack: number
  /** Attachments whose intent had expired at the commit, and that were put again. */
  putAgain: number
  deletedConversations: number
}

/** What one life of the sweeper process has done so far. */
export interface SweeperTally {
  sweeps: number
  reclaimed: number
  failures: number
}

export type WorkerMessage =
  | { readonly type: 'started'; readonly resumed: number; readonly finishedDeletions: number }
  /** Attachments of a turn are put and not committed. */
  | { readonly type: 'answering' }
  | { readonly type: 'tally'; readonly tally: WorkerTally }
  | { readonly type: 'problem'; readonly problem: string }

export type SweeperMessage =
  | { readonly type: 'tally'; readonly tally: SweeperTally }
  | { readonly type: 'problem'; readonly problem: string }

export const noWork: WorkerTally = {
  turns: 0,
  cancelledTurns: 0,
  attachments: 0,
  bytes: 0,
  readBack: 0,
  putAgain: 0,
  deletedConversations: 0,
}

export function sumOfWork(tallies: readonly WorkerTally[]): WorkerTally {
  const sum = { ...noWork }
  for (const tally of tallies) for (const name of Object.keys(sum) as (keyof WorkerTally)[]) sum[name] += tally[name]
  return sum
}
