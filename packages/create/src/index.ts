export type { ProjectOptions } from './project.ts'
export type { RunnerName } from './runners.ts'
export { writeProject } from './write-project.ts'
