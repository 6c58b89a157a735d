import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServices } from './measure/services.ts'
import { describeMachine } from './report/machine.ts'
import { measureCosts } from './scale/costs.ts'
import { type PairName, pairNames } from './scale/pair.ts'
import { markdown, type PairResult, printResult } from './scale/report.ts'
import { measureSweep } from './scale/sweep.ts'

/*
 * What an operation costs with so many refs and blobs already there, what a claim costs that finds nothing or a
 * thousand orphans among them, and how fast a sweep is. Each pair of store and manifest is measured in a process of its
 * own.
 */

/** What a measuring process is told. */
interface Task {
  pair: PairName
  folder: string
  rows: number[]
  rounds: number
  orphans: number
}

if (process.send === undefined) await main()
else process.once('message', task => measureHere(task as Task))

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter(argument => argument !== '--'),
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      rows: { type: 'string' },
      orphans: { type: 'string' },
      rounds: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(`bench:scale [--quick] [--only PAIR]... [--rows N,N,...] [--orphans N] [--rounds N] [--out FOLDER]

  --quick       1,000 and 20,000 rows, 5,000 orphans
  --only PAIR   ${pairNames.join(', ')}; several may be given
  --rows N,...  how many refs and blobs are there already (1000,100000,1000000)
  --orphans N   how many orphans the sweep takes (100000); 0: no sweep
  --rounds N    how often each operation takes its turn at each number of rows (7; quick: 3)
  --out FOLDER  where the results go (bench/results)`)
    return
  }
  const rows = numbers(values.rows ?? (values.quick ? '1000,20000' : '1000,100000,1000000'))
  const orphans = Number(values.orphans ?? (values.quick ? 5000 : 100_000))
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 7))
  const pairs = pairNames.filter(name => values.only?.some(only => isMeant(name, only)) ?? true)
  if (pairs.length === 0) throw new Error(`the pairs are ${pairNames.join(', ')}`)

  const services = await startServices(new Set(pairs.some(name => name.startsWith('postgres')) ? ['postgres'] : []))
  const results: PairResult[] = []
  try {
    for (const pair of pairs) {
      const result = await measurePair({ pair, rows, rounds, orphans }, services.env)
      results.push(result)
      printResult(result)
    }
  } finally {
    await services.stop()
  }
  await save(results, values.out ?? fileURLToPath(new URL('../results', import.meta.url)))
}

function numbers(list: string): number[] {
  const parsed = list.split(',').map(Number)
  if (parsed.every(number => Number.isInteger(number) && number > 0)) return parsed.sort((a, b) => a - b)
  throw new Error('--rows takes whole numbers with commas between them')
}

/** `postgres` means both pairs with its manifest. */
function isMeant(name: PairName, only: string): boolean {
  return name === only || name.startsWith(`${only}+`)
}

async function measurePair(task: Omit<Task, 'folder'>, env: NodeJS.ProcessEnv): Promise<PairResult> {
  const folder = await mkdtemp(join(tmpdir(), 'lash-scale-'))
  try {
    const child = fork(import.meta.filename, { env: { ...process.env, ...env } })
    child.send({ ...task, folder } satisfies Task)
    return await new Promise<PairResult>((resolve, reject) => {
      child.on('message', result => resolve(result as PairResult))
      child.on('error', reject)
      child.on('exit', code => reject(new Error(`${task.pair}: the measuring process ended with ${code}`)))
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureHere({ pair, folder, rows, rounds, orphans }: Task): Promise<void> {
  const sweep = orphans === 0 ? undefined : await measureSweep(pair, folder, orphans)
  const costs = await measureCosts(pair, folder, rows, rounds)
  process.send?.({ pair, rows, costs, sweep } satisfies PairResult)
  process.disconnect()
}

async function save(results: readonly PairResult[], out: string): Promise<void> {
  await mkdir(out, { recursive: true })
  const machine = await describeMachine()
  await writeFile(join(out, 'scale.json'), `${JSON.stringify({ machine, results }, undefined, 2)}\n`)
  await writeFile(join(out, 'scale.md'), markdown(machine, results))
  console.log('\nSaved scale.json and scale.md.')
}
