/**
 * The other process of a case: opens a store by the harness's module and does what it is told, a line of JSON at a time.
 * Started by {@link StoreProcess} as `node store-worker <ChildModule as JSON>`.
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { type AttachmentStore, AttachmentStoreError } from '@lash/attachments-core'
import type { ChildModule } from '../harness.ts'
import { loadModule } from '../run/load-module.ts'
import { independentId, sampleBytes, stalledSource, webStream } from '../run/samples.ts'
import type { SampleName, StoreCommand, StoreReply } from './protocol.ts'

const meta = { mediaType: 'application/octet-stream' }

const { module, options } = JSON.parse(process.argv[2] ?? '') as ChildModule
const { open } = await loadModule<{ open(options: unknown): AttachmentStore | Promise<AttachmentStore> }>(module)
const store = await open(options)
reply({ kind: 'ready' })

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const command = JSON.parse(line) as StoreCommand
    reply({ kind: 'done', value: await run(command) })
    if (command.op === 'close') process.exit(0)
  } catch (error) {
    reply({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
// The parent is gone.
process.exit(0)

async function run(command: StoreCommand): Promise<string[]> {
  switch (command.op) {
    case 'put-all':
      return Promise.all(command.samples.map(sample => putSample(sample, command.streamed === true)))
    case 'put-until-killed':
      for (let turn = 0; ; turn++) {
        const length = command.lengths[turn % command.lengths.length] ?? 1000
        event(await putSample({ length, seed: command.firstSeed + turn }, turn % 2 === 0))
      }
    case 'put-halfway': {
      const bytes = sampleBytes(command.sample.length, command.sample.seed)
      const source = stalledSource([bytes.slice(0, bytes.byteLength / 2)])
      const putting = store.put(source.stream, meta)
      await Promise.race([source.stalled, putting])
      return ['stalled']
    }
    case 'hash-all':
      return Promise.all(command.ids.map(hashOf))
    case 'close':
      await store.close()
      return []
  }
}

async function putSample({ length, seed }: SampleName, streamed: boolean): Promise<string> {
  const bytes = sampleBytes(length, seed)
  const ref = await store.put(streamed ? webStream(bytes) : bytes, meta)
  if (ref.id !== independentId(bytes)) throw new Error(`put gave the id ${ref.id} to other bytes`)
  return ref.id
}

async function hashOf(id: string): Promise<string> {
  try {
    const { bytes } = await store.get(id)
    return createHash('sha256').update(bytes).digest('hex')
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return error.code
    throw error
  }
}

function event(value: string): void {
  reply({ kind: 'event', value })
}

function reply(message: StoreReply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
