import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type {
  AttachmentContent,
  AttachmentGetOptions,
  AttachmentRef,
  AttachmentStream,
  AttachmentStreamOptions,
  StoredAttachment,
} from '@lash/attachments-core'
import { physicalName, setDriver } from '@lash/attachments-core/backend'
import type { PutArguments, Sabotaged } from './sabotage.ts'
import { ShelfStore } from './shelf-store.ts'

/** A pool of buffers, from which each read takes the same memory again. */
const pool = new Uint8Array(8 * 1024 * 1024)

function pooled(bytes: Uint8Array): Uint8Array {
  pool.set(bytes)
  return pool.subarray(0, bytes.byteLength)
}

class ReadsIntoAPool extends ShelfStore {
  static readonly defect = 'get returns a window on a buffer that other reads share'
  static readonly caughtBy = 'store/ownership/get'

  override async get(id: string, options?: AttachmentGetOptions): Promise<StoredAttachment> {
    const { meta, bytes } = await super.get(id, options)
    return { meta, bytes: pooled(bytes) }
  }
}

class StreamsOutOfAPool extends ShelfStore {
  static readonly defect = 'the chunks of a stream are windows on one buffer'
  static readonly caughtBy = 'store/ownership/stream'

  override async stream(id: string, options?: AttachmentStreamOptions): Promise<AttachmentStream> {
    const { meta, body } = await super.stream(id, options)
    const windows = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => controller.enqueue(pooled(chunk)),
    })
    return { meta, body: body.pipeThrough(windows) }
  }
}

class KeepsPreparedBytes extends ShelfStore {
  static readonly defect = 'what is stored is the array that prepared content shows'
  static readonly caughtBy = 'store/ownership/prepare'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    const ref = await super.put(body, meta, options)
    const { bytes } = body as Partial<AttachmentContent>
    const item = this.shelf.items.get(ref.id)
    if (bytes !== undefined && item !== undefined) item.bytes = bytes
    return ref
  }
}

class KeepsReturnedBytes extends ShelfStore {
  static readonly defect = 'a driver that keeps the bytes of content says that it returns them'
  static readonly caughtBy = 'store/ownership/freed-by-a-copy'

  constructor(...given: ConstructorParameters<typeof ShelfStore>) {
    super(...given)
    setDriver(this, Object.assign(Object.create(this.driver), { returnsBytes: true }))
  }

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    const ref = await super.put(body, meta, options)
    const { bytes } = body as Partial<AttachmentContent>
    const item = this.shelf.items.get(physicalName({ id: ref.id, generation: options?.generation ?? 0 }))
    if (bytes !== undefined && item !== undefined) item.bytes = bytes
    return ref
  }
}

class CopiesChunksLate extends ShelfStore {
  static readonly defect = 'a chunk of a source is hashed before it is copied'
  static readonly caughtBy = 'store/ownership/chunk-copied-late'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
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
  static readonly defect = 'memory that other threads write into is copied after an await'
  static readonly caughtBy = 'store/ownership/shared-memory'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    if (ArrayBuffer.isView(body) && !(body.buffer instanceof ArrayBuffer)) await turn()
    return super.put(body, meta, options)
  }
}

class TakesGoneForEmpty extends ShelfStore {
  static readonly defect = 'a detached array is put as the empty blob'
  static readonly caughtBy = 'store/ownership/memory-that-is-gone'

  override async put(...[body, meta, options]: PutArguments): Promise<AttachmentRef> {
    const empty = ArrayBuffer.isView(body) && body.byteLength === 0
    return super.put(empty ? new Uint8Array(0) : body, meta, options)
  }
}

class GivesBuffers extends ShelfStore {
  static readonly defect = 'get gives a Buffer, whose slice is a window on the same memory'
  static readonly caughtBy = 'store/streams/pieces'

  override async get(id: string, options?: AttachmentGetOptions): Promise<StoredAttachment> {
    const { meta, bytes } = await super.get(id, options)
    return { meta, bytes: Buffer.from(bytes) }
  }
}

class StreamsInOnePiece extends ShelfStore {
  static readonly defect = 'a stream is one piece, however long it is'
  static readonly caughtBy = 'store/streams/pieces'

  override async stream(id: string, options?: AttachmentStreamOptions): Promise<AttachmentStream> {
    const { meta, body } = await super.stream(id, options)
    const bytes = await new Response(body).bytes()
    return { meta, body: ReadableStream.from([bytes]) }
  }
}

/** Defects in who owns the memory of the bytes. */
export const memorySabotages: readonly Sabotaged[] = [
  GivesBuffers,
  StreamsInOnePiece,
  ReadsIntoAPool,
  StreamsOutOfAPool,
  KeepsPreparedBytes,
  KeepsReturnedBytes,
  CopiesChunksLate,
  HashesSharedMemoryInPlace,
  TakesGoneForEmpty,
]
