import { createHash } from 'node:crypto'
import { type AttachmentStore, AttachmentStoreError } from '@lash/attachments-core'
import { independentId, plain, sampleBytes, stalledSource, webStream } from '../run/samples.ts'
import { serve, tellEvent } from './serve.ts'
import type { SampleName, StoreService } from './services.ts'

/** The process of a case that has a store open. */
await serve(
  (store: AttachmentStore): StoreService => ({
    putAll: (samples, streamed = false) => Promise.all(samples.map(sample => putSample(store, sample, streamed))),
    async putUntilKilled(firstSeed, lengths) {
      for (let turn = 0; ; turn++) {
        const length = lengths[turn % lengths.length] ?? 1000
        tellEvent(await putSample(store, { length, seed: firstSeed + turn }, turn % 2 === 0))
      }
    },
    async putHalfway({ length, seed }) {
      const source = stalledSource([sampleBytes(length, seed).slice(0, length / 2)])
      const putting = store.put(source.stream, plain)
      await Promise.race([source.stalled, putting])
    },
    hashAll: ids => Promise.all(ids.map(id => hashOf(store, id))),
    close: () => store.close(),
  }),
)

async function putSample(store: AttachmentStore, { length, seed }: SampleName, streamed: boolean): Promise<string> {
  const bytes = sampleBytes(length, seed)
  const { id } = await store.put(streamed ? webStream(bytes) : bytes, plain)
  if (id !== independentId(bytes)) throw new Error(`put gave the id ${id} to other bytes`)
  return id
}

async function hashOf(store: AttachmentStore, id: string): Promise<string> {
  try {
    const { bytes } = await store.get(id)
    return createHash('sha256').update(bytes).digest('hex')
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return error.code
    throw error
  }
}
