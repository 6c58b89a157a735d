/** Records what a process does to a folder, and says what a power cut at any moment may leave of that. */
export { Disk } from './disk.ts'
export { type DiskState, describeState, restoreState } from './disk-state.ts'
export { allKept, allLost, type Fate, randomFate } from './fate.ts'
export type { Operation } from './operations.ts'
export { cannotRecord, record, strace } from './record.ts'
