import type { Crash, FilePut, OtherSessionRead, SecondPut, SweepResult, TurnCommit, Verification } from './report.ts'

/** What the demo tells the one who watches, as it goes on. */
export interface DemoView {
  /** `names` of all the files, to know how wide they are. */
  started(folder: { path: string; kept: boolean }, names: readonly string[]): void
  /** Bytes of a file that were read so far, of so many. */
  progressed(name: string, bytes: number, byteLength: number): void
  put(put: FilePut): void
  putAgain(put: SecondPut): void
  committed(commit: TurnCommit, puts: readonly FilePut[]): void
  otherSessionRead(read: OtherSessionRead): void
  crashed(crash: Crash): void
  swept(sweep: SweepResult, crash: Crash): void
  verified(verification: Verification): void
}

/** For `--json`. */
export const silentView: DemoView = {
  started() {},
  progressed() {},
  put() {},
  putAgain() {},
  committed() {},
  otherSessionRead() {},
  crashed() {},
  swept() {},
  verified() {},
}
