import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Contender } from './contenders/contender.ts'
import { contendersIn } from './contenders/index.ts'
import { buildSqlite3 } from './measure/build-peers.ts'
import { backends, type Cell, cells, serversOf } from './measure/cell.ts'
import { ContenderProcess } from './measure/contender-process.ts'
import { startServices } from './measure/services.ts'
import { chart } from './report/chart.ts'
import { describeMachine } from './report/machine.ts'
import { type Run, writeInto } from './report/readme.ts'
import { markdown, printCell } from './report/report.ts'
import { type CellResult, compare, type Sample } from './report/result.ts'
import { checkOut, measurePair, type Pairing, printPairing, printSummary } from './report/versions.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter(argument => argument !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    compare: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    readme: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(`bench [--quick] [--only TEXT]... [--rounds N] [--folder FOLDER] [--out FOLDER] [--compare VERSION] [--readme]

  --quick       a tenth of the operations, and one round
  --only TEXT   only cells whose name contains TEXT, such as "fs", "sqlite put", "1 MiB"
  --rounds N    how often each contender takes its turn in each cell (3; quick: 1; compare: 9, quick: 6)
  --folder FOLDER  where the files of fs and sqlite are made (the system's folder for temporary files)
  --out FOLDER  where the results go (bench/results)
  --readme      measures nothing; writes the saved results into bench/README.md, as a run of everything does
  --compare VERSION  ours alone, beside another version of it: a commit, or a folder with a checkout`)
  process.exit(0)
}

const out = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
if (values.readme) {
  await writeReadme()
  process.exit(0)
}

const usualRounds = values.compare === undefined ? [1, 3] : [6, 9]
const rounds = Number(values.rounds ?? usualRounds[values.quick ? 0 : 1])
const chosen = cells.filter(cell => values.only === undefined || values.only.some(text => cell.id.includes(text)))
if (chosen.length === 0) throw new Error(`no cell has a name that contains ${values.only?.join(' or ')}`)

if (values.compare === undefined && chosen.some(needsSqlite3)) buildSqlite3()
const here = fileURLToPath(new URL('../..', import.meta.url))
const share = values.quick ? 0.1 : 1
const folder = await mkdtemp(join(values.folder, 'lash-bench-'))
const services = await startServices(new Set(chosen.flatMap(serversOf)))
try {
  if (values.compare === undefined) await runAll()
  else await runPairs(values.compare)
} finally {
  await services.stop()
  await rm(folder, { recursive: true, force: true })
}

function needsSqlite3({ backend, operation }: Cell): boolean {
  return backend === 'sqlite' && operation !== 'fork'
}

async function runAll(): Promise<void> {
  const results: CellResult[] = []
  for (const cell of measurable()) {
    const result = compare(cell, await runCell(cell, await contendersIn(cell.backend, cell.operation)))
    results.push(result)
    printCell(result)
  }
  await save(results)
}

/** Ours alone, here and in the other version. */
async function runPairs(version: string): Promise<void> {
  const other = checkOut(version, here)
  const pairings: Pairing[] = []
  try {
    for (const cell of measurable()) {
      const ours = (await contendersIn(cell.backend, cell.operation)).filter(
        ({ role }) => role === 'ours' || role === 'variant',
      )
      for (const { name: contenderName } of ours) {
        const entry = { cell, contenderName, folder, env: services.env }
        try {
          const pairing = await measurePair(rounds, { older: other.folder, newer: here }, entry)
          if (pairing === undefined) continue
          pairings.push(pairing)
          printPairing(pairing)
        } catch (error) {
          console.log(`${cell.id}: ${contenderName}: not measured, ${(error as Error).message}`)
        }
      }
    }
  } finally {
    other.remove()
  }
  printSummary(pairings)
}

/** The chosen cells of the backends that can be measured here. */
function measurable(): readonly Cell[] {
  for (const backend of backends) {
    const why = services.unavailable(backend)
    if (why !== undefined) console.log(`\n${backend}: not measured, ${why}`)
  }
  return chosen.filter(({ backend }) => services.unavailable(backend) === undefined)
}

/** The contenders take turns, so that a machine that slows down slows all of them; each round begins with another. */
async function runCell(cell: Cell, contenders: readonly Contender[]): Promise<Sample[]> {
  const samples: Sample[] = contenders.map(contender => ({ contender, measurements: [], failure: undefined }))
  const count = Math.max(Math.ceil(cell.count * share), Math.min(cell.count, cell.concurrency * 4))
  for (let round = 0; round < rounds; round++) {
    const first = (round + cells.indexOf(cell)) % samples.length
    for (const sample of [...samples.slice(first), ...samples.slice(0, first)]) {
      if (sample.failure !== undefined) continue
      try {
        const entry = { checkout: here, cell, contenderName: sample.contender.name, folder, env: services.env }
        const process = await ContenderProcess.start(entry)
        if (process === undefined) continue
        sample.measurements.push(await process.turn(count))
        await process.end()
      } catch (error) {
        sample.failure = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return samples
}

async function save(results: readonly CellResult[]): Promise<void> {
  await mkdir(out, { recursive: true })
  const machine = await describeMachine(folder)
  await writeFile(join(out, 'bench.json'), `${JSON.stringify({ machine, rounds, results }, undefined, 2)}\n`)
  await writeFile(join(out, 'bench.md'), markdown(machine, results))
  await writeFile(join(out, 'bench.svg'), chart(results))
  console.log('\nSaved bench.json, bench.md and bench.svg.')
  if (values.only === undefined && !values.quick) await writeReadme()
}

async function writeReadme(): Promise<void> {
  const run: Run = JSON.parse(await readFile(join(out, 'bench.json'), 'utf8'))
  const readme = new URL('../README.md', import.meta.url)
  await writeFile(readme, writeInto(await readFile(readme, 'utf8'), run))
  console.log('Written into bench/README.md.')
}
