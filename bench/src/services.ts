import type { Backend } from './cell.ts'

export interface BenchServices {
  /** Where the servers are, for the contenders. */
  readonly env: NodeJS.ProcessEnv
  /** Why a backend cannot be measured, or undefined. */
  unavailable(backend: Backend): string | undefined
  stop(): Promise<void>
}

/** Starts the servers that the backends need: those that the tests use. */
export async function startServices(_needed: ReadonlySet<Backend>): Promise<BenchServices> {
  return { env: {}, unavailable: () => undefined, stop: async () => {} }
}
