import type { SweeperTally, WorkerTally } from './messages.ts'
import type { Audit, CleanUp, Crash, FinalSweep, Places, UrlFetch, Verification, WorkResult } from './report.ts'

/** What the example tells the one who watches, as it goes on. */
export interface ProductionView {
  started(places: Places, seconds: number): void
  progressed(elapsedSeconds: number, seconds: number, done: WorkerTally, swept: SweeperTally): void
  crashed(crash: Crash): void
  worked(work: WorkResult): void
  swept(sweep: FinalSweep): void
  audited(audit: Audit): void
  verified(verification: Verification): void
  fetched(url: UrlFetch | undefined): void
  cleanedUp(cleanUp: CleanUp): void
}

/** For `--json`. */
export const silentView: ProductionView = {
  started() {},
  progressed() {},
  crashed() {},
  worked() {},
  swept() {},
  audited() {},
  verified() {},
  fetched() {},
  cleanedUp() {},
}
