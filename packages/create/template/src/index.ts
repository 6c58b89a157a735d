export type { MyBackendOptions } from './connection.ts'
export * from './manifest.ts'
export * from './store.ts'
