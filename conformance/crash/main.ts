import { parseArgs } from 'node:util'
import { isPairName, missingFor, pairNames } from './place.ts'
import { crash } from './rounds.ts'

const usage = `Kills workers and checks that nothing committed is lost.

  main.ts [--pair <name>]... [--rounds <n>] [--seed <n>]

Pairs: ${pairNames.join(', ')}; by default, all that can be had here. --rounds is the number of kills per pair (default 300).
PostgreSQL and S3 are those of LASH_TEST_POSTGRES_URL and LASH_TEST_S3_*.`

const { values } = parseArgs({
  options: {
    pair: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean' },
  },
})

async function main(): Promise<void> {
  const names = values.pair ?? pairNames
  const unknown = names.find(name => !isPairName(name))
  if (values.help || unknown !== undefined) {
    console.log(unknown === undefined ? usage : `there is no pair ${unknown}\n\n${usage}`)
    process.exitCode = unknown === undefined ? 0 : 2
    return
  }
  for (const name of names.filter(isPairName)) {
    const missing = missingFor(name)
    if (missing !== undefined) {
      console.log(`${name}: left out, ${missing}`)
      continue
    }
    const started = performance.now()
    const { problems, ...counts } = await crash(name, { rounds: Number(values.rounds), seed: Number(values.seed) })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${name}: ${JSON.stringify(counts)} in ${seconds} s`)
    for (const problem of problems) console.error(`  ${problem}`)
    if (problems.length > 0) process.exitCode = 1
  }
}

await main()
