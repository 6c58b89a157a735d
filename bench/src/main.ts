import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildSqlite3 } from './build-peers.ts'
import { type Backend, backends, type Cell, cells } from './cell.ts'
import { chart } from './chart.ts'
import type { Contender } from './contender.ts'
import { contendersOf } from './contenders/index.ts'
import { describeMachine } from './machine.ts'
import type { Measurement } from './measure.ts'
import { markdown, printCell } from './report.ts'
import { type CellResult, compare, type Sample } from './result.ts'
import { startServices } from './services.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter(argument => argument !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(`bench [--quick] [--only TEXT]... [--rounds N] [--out FOLDER]

  --quick       a tenth of the operations, and one round
  --only TEXT   only cells whose name contains TEXT, such as "fs", "sqlite put", "1 MiB"
  --rounds N    how often each contender takes its turn in each cell (3; quick: 1)
  --out FOLDER  where the results go (bench/results)`)
  process.exit(0)
}

const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
const chosen = cells.filter(cell => values.only === undefined || values.only.some(text => cell.id.includes(text)))
if (chosen.length === 0) throw new Error(`no cell has a name that contains ${values.only?.join(' or ')}`)

if (chosen.some(({ backend }) => backend === 'sqlite')) buildSqlite3()
const folder = await mkdtemp(join(tmpdir(), 'lash-bench-'))
const services = await startServices(new Set(chosen.map(({ backend }) => backend)))
const results: CellResult[] = []
try {
  for (const backend of backends) await runBackend(backend)
} finally {
  await services.stop()
  await rm(folder, { recursive: true, force: true })
}
await save()

async function runBackend(backend: Backend): Promise<void> {
  const ofBackend = chosen.filter(cell => cell.backend === backend)
  if (ofBackend.length === 0) return
  const unavailable = services.unavailable(backend)
  if (unavailable !== undefined) return console.log(`\n${backend}: not measured, ${unavailable}`)
  const contenders = await contendersOf(backend)
  for (const cell of ofBackend) {
    const measured = contenders.filter(({ operations }) => operations?.includes(cell.operation) ?? true)
    const result = compare(cell, await runCell(cell, measured))
    results.push(result)
    printCell(result)
  }
}

/** The contenders take turns, so that a machine that slows down slows all of them; each round begins with another. */
async function runCell(cell: Cell, contenders: readonly Contender[]): Promise<Sample[]> {
  const samples: Sample[] = contenders.map(contender => ({ contender, measurements: [], failure: undefined }))
  for (let round = 0; round < rounds; round++) {
    const first = (round + cells.indexOf(cell)) % samples.length
    for (const sample of [...samples.slice(first), ...samples.slice(0, first)]) {
      if (sample.failure !== undefined) continue
      try {
        const measurement = await measureInChild(cell, sample.contender)
        if (measurement !== undefined) sample.measurements.push(measurement)
      } catch (error) {
        sample.failure = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return samples
}

function measureInChild(cell: Cell, contender: Contender): Promise<Measurement | undefined> {
  const share = values.quick ? '0.1' : '1'
  const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const child = fork(worker, [cell.id, contender.name, share, folder], {
    env: { ...process.env, ...services.env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let measurement: Measurement | undefined
    let complaint = ''
    child.stderr?.on('data', text => {
      complaint = `${complaint}${text}`.slice(-2000)
    })
    child.on('message', message => {
      measurement = (message as { measurement?: Measurement }).measurement
    })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve(measurement) : reject(new Error(lastError(complaint)))))
  })
}

function lastError(complaint: string): string {
  return complaint.split('\n').find(line => /Error/.test(line)) ?? 'the contender ended without a result'
}

async function save(): Promise<void> {
  const out = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
  await mkdir(out, { recursive: true })
  const machine = await describeMachine()
  await writeFile(join(out, 'bench.json'), `${JSON.stringify({ machine, rounds, results }, undefined, 2)}\n`)
  await writeFile(join(out, 'bench.md'), markdown(machine, results))
  await writeFile(join(out, 'bench.svg'), chart(results))
  console.log('\nSaved bench.json, bench.md and bench.svg.')
}
