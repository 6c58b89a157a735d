import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startPostgres } from '@lash/attachments-testing/postgres'
import { startRedis } from '@lash/attachments-testing/redis'
import { s3Environment, startS3 } from '@lash/attachments-testing/s3'
import { markdownTable } from 'markdown-table'
import { missingFor, type PairName, pairNames, pairsToRun } from '../crash/pair-names.ts'
import { emptyTally, type Tally } from '../crash/tally.ts'
import { soak } from './soak.ts'

const reportPath = join(fileURLToPath(new URL('../../reports', import.meta.url)), 'soak.json')

const usage = `Runs sessions, sweeps without grace and kills for a while, and checks that nothing committed is lost.

  main.ts [--minutes <n>] [--pair <name>]... [--seed <n>]

--minutes is 2 by default. Pairs: ${pairNames.join(', ')}.
By default fs+sqlite and s3+postgres, at the same time.
It starts the servers that LASH_TEST_POSTGRES_URL and LASH_TEST_S3_* do not name.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    pair: { type: 'string', multiple: true, default: ['fs+sqlite', 's3+postgres'] },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const names = pairsToRun(values.pair, values.help, usage)
  if (names === undefined) return
  const stops = await startServersFor(names)
  try {
    await soakAll(names)
  } finally {
    for (const stop of stops) await stop()
  }
}

async function startServersFor(names: readonly PairName[]): Promise<(() => Promise<void>)[]> {
  const stops: (() => Promise<void>)[] = []
  if (names.some(name => name.includes('postgres'))) {
    const postgres = await startPostgres()
    process.env.LASH_TEST_POSTGRES_URL = postgres.url
    stops.push(() => postgres.stop())
  }
  if (names.some(name => name.includes('s3'))) {
    const s3 = await startS3()
    if (s3 !== undefined) {
      Object.assign(process.env, s3Environment(s3))
      stops.push(() => s3.stop())
    }
  }
  if (names.some(name => name.includes('redis'))) {
    const redis = await startRedis()
    if (redis !== undefined) {
      process.env.LASH_TEST_REDIS_URL = redis.url
      stops.push(() => redis.stop())
    }
  }
  return stops
}

async function soakAll(names: readonly PairName[]): Promise<void> {
  const options = { minutes: Number(values.minutes), seed: Number(values.seed) }
  const possible = names.filter(name => missingFor(name) === undefined)
  for (const name of names) if (!possible.includes(name)) console.log(`${name}: left out, ${missingFor(name)}`)
  console.log(`${possible.join(', ')} for ${options.minutes} minutes, seed ${options.seed}`)
  const tallies = await Promise.all(possible.map(async name => [name, await soak(name, options)] as const))

  console.log(`\n${table(tallies)}\n`)
  const report = { ...options, pairs: Object.fromEntries(tallies) }
  await mkdir(join(reportPath, '..'), { recursive: true })
  await writeFile(reportPath, `${JSON.stringify(report, undefined, 2)}\n`)
  console.log(JSON.stringify(report))
  for (const [name, { problems }] of tallies) for (const problem of problems) console.error(`${name}: ${problem}`)
  const losses = tallies.reduce((sum, [, tally]) => sum + tally.losses, 0)
  if (tallies.length === 0 || tallies.some(([, { problems }]) => problems.length > 0)) process.exitCode = 1
  console.log(`${losses} losses`)
}

function table(tallies: readonly (readonly [name: PairName, tally: Tally])[]): string {
  const { problems: _, ...columns } = emptyTally()
  const names = Object.keys(columns) as (keyof typeof columns)[]
  const rows = tallies.map(([name, tally]) => [name, ...names.map(column => String(tally[column]))])
  return markdownTable([['pair', ...names], ...rows], { align: ['l', ...names.map(() => 'r')] })
}

await main()
