/** For tests, which vitest runs. */
export { expectBytes } from './expect-bytes.ts'
export { newFolder } from './folder.ts'
export { linesOf, type RunningScript, type ScriptOptions, startScript } from './processes.ts'
export { sampleBytes } from './sample-bytes.ts'
export { SmallDisk } from './small-disk.ts'
