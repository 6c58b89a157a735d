import {
  AttachmentBackendError,
  type AttachmentContent,
  type AttachmentCreateMeta,
  type AttachmentKey,
} from '@lash/attachments-core'
import { blocksOf, slices } from '@lash/attachments-core/backend'
import type { AttachmentDatabase } from '../database/database.ts'
import { groupWeight } from '../writing/write-queue.ts'
import { encode } from './compression.ts'

/** Bytes of a chunk, before compression: the most that a range reads without need. */
export const chunkBytes: number = 256 * 1024
/** How often to start again when the upload was taken for a dead writer's: each time, this one slept for an hour. */
const attempts = 3

export interface ChunkOptions {
  /** The level of zlib; undefined: do not compress. */
  level: number | undefined
  signal: AbortSignal | undefined
}

/** Stores big content in several transactions. No reader sees it before the last one. On failure nothing stays. */
export async function writeChunks(
  database: AttachmentDatabase,
  key: AttachmentKey,
  content: AttachmentContent,
  meta: AttachmentCreateMeta,
  options: ChunkOptions,
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await writeOnce(database, key, content, meta, options)) return
  }
  throw new AttachmentBackendError(
    `the upload of ${key.id} was interrupted for more than an hour ${attempts} times; put it again`,
  )
}

async function writeOnce(
  database: AttachmentDatabase,
  key: AttachmentKey,
  content: AttachmentContent,
  meta: AttachmentCreateMeta,
  { level, signal }: ChunkOptions,
): Promise<boolean> {
  const upload = await database.write('beginUpload', {}, { signal })
  try {
    let position = 0
    let storedLength = 0
    for await (const bytes of blocksOf(content, groupWeight, { signal, reuse: true })) {
      const chunks = await Promise.all([...slices(bytes, chunkBytes)].map(chunk => encode(chunk, level)))
      const stored = chunks.reduce((sum, chunk) => sum + chunk.bytes.byteLength, 0)
      const request = { upload, position, chunks }
      if (!(await database.write('appendChunks', request, { bytes: stored, signal }))) return false
      position += chunks.length
      storedLength += stored
    }
    const { byteLength } = content
    const blob = { key, byteLength, storedLength, meta, body: { upload, chunkBytes } }
    return await database.write('finishUpload', { upload, blob }, { signal })
  } catch (error) {
    // If this fails too, the chunks are cleaned up later.
    await database.write('abandonUpload', { upload }).catch(() => {})
    throw error
  }
}
