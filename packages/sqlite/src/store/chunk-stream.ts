import { type AttachmentKey, AttachmentNotFoundError } from '@lash/attachments-core'
import type { AttachmentDatabase } from '../database/database.ts'
import type { BlobRow } from './blob-table.ts'
import { damaged, decode } from './compression.ts'

/** A range of a chunked blob. Reads a chunk only when it is asked for, and only if it has bytes of the range. */
export function chunkStream(
  database: AttachmentDatabase,
  key: AttachmentKey,
  row: BlobRow,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const upload = row.upload as number
  const chunkBytes = row.chunk_bytes as number
  let offset = start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (offset >= end) return controller.close()
        signal?.throwIfAborted()
        const position = Math.floor(offset / chunkBytes)
        const stored = await database.read('uploads', 'chunk', upload, position)
        if (stored === undefined) {
          await assertStillThere(database, key, row)
          throw damaged(key, `chunk ${position} is missing`)
        }
        const chunkStart = position * chunkBytes
        const expected = Math.min(chunkBytes, row.byte_length - chunkStart)
        const bytes = await decode(key, stored.bytes, stored.encoding, expected)
        // It would shift everything that follows; in a range, no digest would tell.
        if (bytes.byteLength !== expected) throw damaged(key, `chunk ${position} has a wrong length`)
        const from = offset - chunkStart
        const to = Math.min(end - chunkStart, expected)
        offset = chunkStart + to
        controller.enqueue(from === 0 && to === expected ? bytes : bytes.slice(from, to))
      },
    },
    { highWaterMark: 0 },
  )
}

/** A blob that is deleted or replaced while it is being read is not found; it is not damaged. */
async function assertStillThere(database: AttachmentDatabase, key: AttachmentKey, row: BlobRow): Promise<void> {
  const now = await database.read('blobs', 'find', key)
  if (now?.upload !== row.upload) throw new AttachmentNotFoundError(key.id)
}
