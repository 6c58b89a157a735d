import { startServices } from './index.ts'
import { ensureStrace } from './strace.ts'

/**
 * For vitest's `globalSetup`: what the tests need is installed where that is possible; the servers of a run are started
 * once, shared by its test files, and stopped at its end.
 */
export default async function setup(): Promise<() => Promise<void>> {
  await ensureStrace()
  const services = await startServices()
  return () => services.stop()
}
