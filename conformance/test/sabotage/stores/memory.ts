import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type {
  AttachmentBody,
  AttachmentContent,
  AttachmentCreateMeta,
  AttachmentGetOptions,
  AttachmentPutOptions,
  AttachmentRef,
  AttachmentStream,
  AttachmentStreamOptions,
  StoredAttachment,
} from '@lash/attachments-core'
import { onStore, type Sabotage } from './sabotage.ts'
import { ShelfStore } from './shelf-store.ts'

/** Memory that reads are cut from, one after the other, as a pool of buffers does it. */
const pool = new Uint8Array(8 * 1024 * 1024)

function pooled(bytes: Uint8Array): Uint8Array {
  pool.set(bytes)
  return pool.subarray(0, bytes.byteLength)
}

class ReadsIntoAPool extends ShelfStore {
  override async get(id: string, options?: AttachmentGetOptions): Promise<StoredAttachment> {
    const { meta, bytes } = await super.get(id, options)
    return { meta, bytes: pooled(bytes) }
  }
}

class StreamsOutOfAPool extends ShelfStore {
  override async stream(id: string, options?: AttachmentStreamOptions): Promise<AttachmentStream> {
    const { meta, body } = await super.stream(id, options)
    const windows = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => controller.enqueue(pooled(chunk)),
    })
    return { meta, body: body.pipeThrough(windows) }
  }
}

class KeepsPreparedBytes extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    const ref = await super.put(body, meta, options)
    const { bytes } = body as Partial<AttachmentContent>
    const item = this.shelf.items.get(ref.id)
    if (bytes !== undefined && item !== undefined) item.bytes = bytes
    return ref
  }
}

class CopiesChunksLate extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    if (!(Symbol.asyncIterator in body)) return super.put(body, meta, options)
    const hash = createHash('sha256')
    const copies: Uint8Array[] = []
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      await turn()
      copies.push(chunk.slice())
    }
    const ref = { ...meta, id: hash.digest('hex'), byteLength: Buffer.concat(copies).byteLength }
    this.shelf.items.set(ref.id, { bytes: Buffer.concat(copies), meta: JSON.stringify(ref) })
    return ref
  }
}

class HashesSharedMemoryInPlace extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    if (ArrayBuffer.isView(body) && !(body.buffer instanceof ArrayBuffer)) await turn()
    return super.put(body, meta, options)
  }
}

class TakesGoneForEmpty extends ShelfStore {
  override async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options?: AttachmentPutOptions,
  ): Promise<AttachmentRef> {
    const empty = ArrayBuffer.isView(body) && body.byteLength === 0
    return super.put(empty ? new Uint8Array(0) : body, meta, options)
  }
}

/** Defects in whose memory the bytes are in. */
export const memorySabotages: readonly Sabotage[] = [
  {
    name: 'reads into a pool',
    defect: 'get gives a window on a buffer that other reads share',
    caughtBy: 'store/ownership/get',
    open: onStore(ReadsIntoAPool),
  },
  {
    name: 'streams out of a pool',
    defect: 'the chunks of a stream are windows on one buffer',
    caughtBy: 'store/ownership/stream',
    open: onStore(StreamsOutOfAPool),
  },
  {
    name: 'keeps prepared bytes',
    defect: 'what is stored is the array that prepared content shows',
    caughtBy: 'store/ownership/prepare',
    open: onStore(KeepsPreparedBytes),
  },
  {
    name: 'copies chunks late',
    defect: 'a chunk of a source is hashed before it is copied',
    caughtBy: 'store/ownership/chunk-copied-late',
    open: onStore(CopiesChunksLate),
  },
  {
    name: 'hashes shared memory in place',
    defect: 'memory that other threads write into is copied after an await',
    caughtBy: 'store/ownership/shared-memory',
    open: onStore(HashesSharedMemoryInPlace),
  },
  {
    name: 'takes gone for empty',
    defect: 'a detached array is put as the empty blob',
    caughtBy: 'store/ownership/memory-that-is-gone',
    open: onStore(TakesGoneForEmpty),
  },
]
