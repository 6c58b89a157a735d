import { startServices } from './index.ts'

/** For vitest's `globalSetup`: the servers of a run are started once, shared by its test files, and stopped at its end. */
export default async function setup(): Promise<() => Promise<void>> {
  const services = await startServices()
  return () => services.stop()
}
