import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cells, type HttpCell } from './http/cells.ts'
import type { ClientTask, HttpMeasurement } from './http/client.ts'
import { contenders, type HttpContender } from './http/contenders.ts'
import { excessesOf, type HttpResult, type HttpSample, headOf, ratiosOf, tableOf } from './http/report.ts'
import { describeMachine } from './report/machine.ts'

/*
 * Uploads and downloads over HTTP: each server in a process of its own, fresh for each cell, and so is the client.
 * Exits with 1 when a server of ours takes more memory than is promised, or fails.
 */

const { values } = parseArgs({
  args: process.argv.slice(2).filter(argument => argument !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    of: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(`bench:http [--quick] [--only TEXT]... [--of TEXT]... [--rounds N] [--out FOLDER]

  --quick       one round, and a tenth of the small requests
  --only TEXT   only cells whose name contains TEXT, such as "16 KiB"
  --of TEXT     only contenders whose name contains TEXT, such as "durable"
  --rounds N    how often each contender takes its turn in each cell (3; quick: 1)
  --out FOLDER  where the results go (bench/results)`)
  process.exit(0)
}

const isNamed = (name: string, texts: readonly string[] | undefined) => texts?.some(text => name.includes(text)) ?? true
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
const results: HttpResult[] = []
const head = headOf(await describeMachine())
console.log(`${head}\n`)
for (const cell of cells.filter(({ name }) => isNamed(name, values.only))) {
  const requests = values.quick && cell.isSmall ? Math.ceil(cell.requests / 10) : cell.requests
  const result = await runCell({ ...cell, requests })
  results.push(result)
  console.log(tableOf(result))
}
console.log(ratiosOf(results))
await save()
const failures = results.flatMap(({ cell, samples }) =>
  samples
    .filter(({ contender, failure }) => contender.role === 'ours' && failure !== undefined)
    .map(({ contender, failure }) => `${cell.name}: ${contender.name} failed, ${failure}`),
)
for (const problem of [...excessesOf(results), ...failures]) {
  console.log(problem)
  process.exitCode = 1
}

/** The contenders take turns, so that a machine that slows down slows all of them; each round begins with another. */
async function runCell(cell: HttpCell): Promise<HttpResult> {
  const samples: HttpSample[] = contenders
    .filter(({ name, skips }) => skips !== cell.direction && isNamed(name, values.of))
    .map(contender => ({ contender, measurements: [], failure: undefined }))
  for (let round = 0; round < rounds; round++) {
    const first = (round + cells.findIndex(({ name }) => name === cell.name)) % samples.length
    for (const sample of [...samples.slice(first), ...samples.slice(0, first)]) {
      if (sample.failure !== undefined) continue
      try {
        sample.measurements.push(await measure(cell, sample.contender))
      } catch (error) {
        sample.failure = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return { cell, samples }
}

async function measure(cell: HttpCell, { name }: HttpContender): Promise<HttpMeasurement> {
  const folder = await mkdtemp(join(tmpdir(), 'lash-http-'))
  const server = start('server.ts', [name, folder])
  try {
    const port = await answerOf<number>(server)
    const client = start('client.ts', [])
    try {
      client.send({ cell, contenderName: name, port, serverPid: server.pid ?? 0 } satisfies ClientTask)
      return await Promise.race([answerOf<HttpMeasurement>(client), endOf(server)])
    } finally {
      await finish(client)
    }
  } finally {
    await finish(server)
    await rm(folder, { recursive: true, force: true })
    // What this one has left to be written would be written in the next one's time.
    execFileSync('sync')
  }
}

function start(file: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(`http/${file}`, import.meta.url)), args, {
    execArgv: [...process.execArgv, '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  return Promise.race([new Promise<Answer>(resolve => child.once('message', resolve as () => void)), endOf(child)])
}

/** Rejects when the process ends, with what it complained of. */
function endOf(child: ChildProcess): Promise<never> {
  let complaint = ''
  child.stderr?.on('data', text => {
    complaint = `${complaint}${text}`.slice(-4000)
  })
  return new Promise((_, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      const line = complaint.split('\n').find(line => /Error|FATAL/.test(line))
      reject(new Error(line ?? `a process ended with ${code} and no answer`))
    })
  })
}

async function finish(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  if (child.connected) child.disconnect()
  // A client whose server failed has requests that never end.
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}

async function save(): Promise<void> {
  const out = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
  await mkdir(out, { recursive: true })
  await writeFile(join(out, 'http.json'), `${JSON.stringify({ head, rounds, results }, undefined, 2)}\n`)
  await writeFile(
    join(out, 'http.md'),
    `# HTTP\n\n${head}\n\n${results.map(tableOf).join('\n')}\n${ratiosOf(results)}\n`,
  )
}
