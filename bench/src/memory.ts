import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Backend } from './cell.ts'
import type { OpenContender } from './contender.ts'
import { ours } from './contenders/ours.ts'
import { connection } from './contenders/s3-connection.ts'
import { generated } from './generated.ts'
import { startServices } from './services.ts'

/*
 * How much memory the process takes while 1 GiB streams into a store and out of it. Exits with 1 when it is more than promised.
 * `memory.ts [fs sqlite postgres s3]`, `--gibibytes N`.
 */

const GiB = 2 ** 30

/** Most memory resident, whole process, in MiB. */
const promised: Partial<Record<Backend, number>> = { fs: 200, sqlite: 200, postgres: 250, s3: 250 }

interface Peak {
  direction: 'in' | 'out'
  peakMiB: number
  seconds: number
}

if (process.send === undefined) await main()
else await measureHere(process.argv[2] as Backend, Number(process.argv[3]), process.argv[4] as string)

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2).filter(argument => argument !== '--'),
    allowPositionals: true,
    options: { gibibytes: { type: 'string', default: '1' } },
  })
  const backends = (positionals.length > 0 ? positionals : Object.keys(promised)) as Backend[]
  const byteLength = Number(values.gibibytes) * GiB
  const services = await startServices(new Set(backends))
  try {
    for (const backend of backends) {
      const reason = services.unavailable(backend)
      if (reason !== undefined) console.log(`${backend}: not measured, ${reason}`)
      else await report(backend, byteLength, services.env)
    }
  } finally {
    await services.stop()
  }
}

async function report(backend: Backend, byteLength: number, env: NodeJS.ProcessEnv): Promise<void> {
  const limit = promised[backend]
  if (limit === undefined) throw new Error(`nothing is promised of ${backend}`)
  const folder = await mkdtemp(join(tmpdir(), 'lash-memory-'))
  try {
    const child = fork(import.meta.filename, [backend, String(byteLength), folder], { env: { ...process.env, ...env } })
    child.on('message', message => {
      const { direction, peakMiB, seconds } = message as Peak
      const ok = peakMiB <= limit
      if (!ok) process.exitCode = 1
      const speed = Math.round(byteLength / 2 ** 20 / seconds)
      console.log(
        `${backend} ${direction.padEnd(3)} ${peakMiB.toFixed(0).padStart(4)} MiB resident at most (${limit} promised), ${speed} MiB/s${ok ? '' : ': TOO MUCH'}`,
      )
    })
    const code = await new Promise(resolve => child.on('exit', resolve))
    if (code !== 0) throw new Error(`${backend}: the measured process ended with ${code}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureHere(backend: Backend, byteLength: number, folder: string): Promise<void> {
  const { putStream, getStream, close } = (await openAlone(backend, folder)) as Required<OpenContender>
  let key = ''
  await watched('in', async () => {
    key = await putStream(generated(byteLength))
  })
  await watched('out', async () => {
    let total = 0
    for await (const chunk of await getStream(key)) total += chunk.byteLength
    if (total !== byteLength) throw new Error(`read ${total} bytes of ${byteLength}`)
  })
  await close()
  process.disconnect?.()
}

/** Opens our store with nothing else loaded: the libraries of peers take memory too. */
async function openAlone(backend: Backend, folder: string): Promise<OpenContender> {
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
      const connectionString = process.env.LASH_TEST_POSTGRES_URL as string
      return ours(new PostgresAttachmentStore({ connectionString, schema: `memory_${process.pid}` }))
    }
    case 's3': {
      const { S3AttachmentStore } = await import('@lash/attachments-s3')
      const { bucket, config, prefix } = connection({ folder, env: process.env })
      return ours(new S3AttachmentStore({ bucket, prefix, clientConfig: config }))
    }
    case 'memory':
      throw new Error('a store in memory holds what is put')
  }
}

async function watched(direction: Peak['direction'], run: () => Promise<void>): Promise<void> {
  let peak = 0
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const sampling = setInterval(sample, 5)
  const started = performance.now()
  await run()
  const seconds = (performance.now() - started) / 1000
  clearInterval(sampling)
  sample()
  process.send?.({ direction, peakMiB: peak / 2 ** 20, seconds } satisfies Peak)
}
