export type { BackendModule, OpenOptions } from './backends/backend-module.ts'
export { type BackendOptions, openManifest, openStore } from './backends/open.ts'
