import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Setting as ContenderSetting, OpenContender } from './contenders/contender.ts'
import { ours } from './contenders/ours.ts'
import { connection } from './contenders/s3-connection.ts'
import type { Backend } from './measure/cell.ts'
import { generated } from './measure/generated.ts'
import { startServices } from './measure/services.ts'

/*
 * How much memory a process takes while 1 GiB streams into a store, and another while it streams out. Exits with 1 when
 * it is more than promised. `memory.ts [fs sqlite postgres s3]`, `--gibibytes N`.
 */

const GiB = 2 ** 30

/** A folder, the servers, and a name of our own on them. */
interface Setting extends ContenderSetting {
  name: string
}

const promising: readonly Backend[] = ['fs', 'sqlite', 'postgres', 's3']
/** Most memory resident above what the process has once the store is open, in MiB. */
const promisedMiB = 128

const directions = ['in', 'out'] as const
type Direction = (typeof directions)[number]

/** What a measured process is told. */
interface Task {
  backend: Backend
  direction: Direction
  byteLength: number
  /** Where the store is, the same in both directions. */
  setting: Setting
  /** What came in, for the way out. */
  key: string
}

/** What it answers. */
interface Peak {
  idleMiB: number
  peakMiB: number
  seconds: number
  key: string
}

if (process.send === undefined) await main()
else process.once('message', task => measureHere(task as Task))

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter(argument => argument !== '--'),
    allowPositionals: true,
    options: { gibibytes: { type: 'string', default: '1' } },
  })
  const backends = (positionals.length > 0 ? positionals : promising) as Backend[]
  const byteLength = Math.round(Number(values.gibibytes) * GiB)
  const services = await startServices(new Set(backends))
  const compiled = await mkdtemp(join(tmpdir(), 'lash-memory-'))
  try {
    const env = { ...process.env, ...services.env, NODE_COMPILE_CACHE: compiled }
    for (const backend of backends) {
      const reason = services.unavailable(backend)
      if (reason !== undefined) console.log(`${backend}: not measured, ${reason}`)
      else await report(backend, byteLength, env)
    }
  } finally {
    await services.stop()
    await rm(compiled, { recursive: true, force: true })
  }
}

async function report(backend: Backend, byteLength: number, env: NodeJS.ProcessEnv): Promise<void> {
  if (!promising.includes(backend)) throw new Error(`nothing is promised of ${backend}`)
  const folder = await mkdtemp(join(tmpdir(), 'lash-memory-'))
  const setting = { folder, env, name: `memory_${process.pid}` }
  try {
    // Once for nothing: sources that are compiled and cached take no more memory than the published packages do.
    await inChild({ backend, direction: 'in', byteLength: 4 * 2 ** 20, setting, key: '' })
    let key = ''
    for (const direction of directions) {
      const peak = await inChild({ backend, direction, byteLength, setting, key })
      key = peak.key
      const above = peak.peakMiB - peak.idleMiB
      const ok = above <= promisedMiB
      if (!ok) process.exitCode = 1
      const size = `${above.toFixed(0).padStart(4)} MiB resident above the ${peak.idleMiB.toFixed(0)} of the idle process`
      const speed = `${Math.round(byteLength / 2 ** 20 / peak.seconds)} MiB/s`
      console.log(`${backend} ${direction.padEnd(3)} ${size}, ${speed}${ok ? '' : `: MORE THAN ${promisedMiB}`}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function inChild(task: Task): Promise<Peak> {
  const child = fork(import.meta.filename, { env: task.setting.env })
  child.send(task)
  return new Promise((resolve, reject) => {
    child.on('message', peak => resolve(peak as Peak))
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`${task.backend}: the measured process ended with ${code}`)))
  })
}

async function measureHere({ backend, direction, byteLength, setting, key }: Task): Promise<void> {
  const { putStream, getStream, close } = (await openAlone(backend, setting)) as Required<OpenContender>
  const idleMiB = process.memoryUsage.rss() / 2 ** 20
  let peak = 0
  let stored = key
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const sampling = setInterval(sample, 5)
  const started = performance.now()
  if (direction === 'in') {
    stored = await putStream(generated(byteLength, 1))
  } else {
    let total = 0
    for await (const chunk of await getStream(key)) total += chunk.byteLength
    if (total !== byteLength) throw new Error(`read ${total} bytes of ${byteLength}`)
  }
  const seconds = (performance.now() - started) / 1000
  clearInterval(sampling)
  sample()
  await close()
  process.send?.({ idleMiB, peakMiB: peak / 2 ** 20, seconds, key: stored } satisfies Peak)
  process.disconnect()
}

/** Opens our store with nothing else loaded: the libraries of peers take memory too. */
async function openAlone(backend: Backend, { folder, env, name }: Setting): Promise<OpenContender> {
  switch (backend) {
    case 'fs': {
      const { FileAttachmentStore } = await import('@lash/attachments-fs')
      return ours(new FileAttachmentStore(folder))
    }
    case 'sqlite': {
      const { SqliteAttachmentStore } = await import('@lash/attachments-sqlite')
      return ours(new SqliteAttachmentStore({ path: join(folder, 'blobs.db') }))
    }
    case 'postgres': {
      const { PostgresAttachmentStore } = await import('@lash/attachments-postgres')
      const connectionString = env.LASH_TEST_POSTGRES_URL as string
      return ours(new PostgresAttachmentStore({ connectionString, schema: name }))
    }
    case 's3': {
      const { S3AttachmentStore } = await import('@lash/attachments-s3')
      const { bucket, config } = connection({ folder, env })
      return ours(new S3AttachmentStore({ bucket, prefix: `${name}/`, clientConfig: config }))
    }
    case 'memory':
      throw new Error('a store in memory holds what is put')
  }
}
