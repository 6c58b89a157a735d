import './mutation-hooks.ts'
import { mutants } from './mutants.ts'

/** What one case said of one mutant. */
export interface MutantOutcome {
  readonly mutant: number
  readonly caseId: string
  readonly status: string
  readonly message: string
}

// Prints a line of JSON for each case of each mutant whose number is given: what it says, on what is in memory.
for (const mutant of process.argv.slice(2).map(Number)) {
  for (const caseId of mutants[mutant]?.caughtBy ?? []) console.log(JSON.stringify(await outcomeOf(mutant, caseId)))
}
// A case that a mutant cut short may have left something open.
process.exit()

async function outcomeOf(mutant: number, caseId: string): Promise<MutantOutcome> {
  const load = (path: string) => import(`${path}?mutant=${mutant}`)
  const kit = (await load('../../../src/index.ts')) as typeof import('../../../src/index.ts')
  const { pairHarness, runCase } = kit
  const memory = (await load('../../harnesses/memory.ts')) as typeof import('../../harnesses/memory.ts')
  const portable = (await load('../../harnesses/portable.ts')) as typeof import('../../harnesses/portable.ts')
  const tested = Object.values(kit.allCases)
    .flat()
    .find(({ id }) => id === caseId)
  if (tested === undefined) return { mutant, caseId, status: 'no such case', message: '' }
  const harness = {
    session: () => pairHarness(memory.memoryStoreHarness(), memory.memoryManifestHarness()),
    manifest: portable.portableManifestHarness,
    'manifest-driver': portable.memoryDriverHarness,
    store: memory.memoryStoreHarness,
  }[tested.kind]()
  const { status, error } = await runCase({ ...harness, timeoutMs: 10_000 }, tested)
  return { mutant, caseId, status, message: error?.message ?? '' }
}
