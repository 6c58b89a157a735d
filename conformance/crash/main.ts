import { parseArgs } from 'node:util'
import { missingFor, type PairName, pairNames, pairsToRun } from './pair-names.ts'
import { crash } from './rounds.ts'

const usage = `Kills workers and checks that nothing committed is lost.

  main.ts [--pair <name>]... [--rounds <n>] [--seed <n>]

Pairs: ${pairNames.join(', ')}.
By default, all that can be used here. --rounds is the number of kills per pair (default 300).
PostgreSQL and S3 are those of LASH_TEST_POSTGRES_URL and LASH_TEST_S3_*.`

const { values } = parseArgs({
  options: {
    pair: { type: 'string', multiple: true, default: [...pairNames] },
    rounds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

for (const name of pairsToRun(values.pair, values.help, usage) ?? []) {
  const missing = missingFor(name)
  if (missing === undefined) await run(name)
  else console.log(`${name}: left out, ${missing}`)
}

async function run(name: PairName): Promise<void> {
  const started = performance.now()
  const { problems, ...counts } = await crash(name, { rounds: Number(values.rounds), seed: Number(values.seed) })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${name}: ${JSON.stringify(counts)} in ${seconds} s`)
  for (const problem of problems) console.error(`  ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}
