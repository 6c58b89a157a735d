import type { FileHandle } from 'node:fs/promises'
import { type AttachmentContent, type ContentOptions, heldContent, readChunks, trust } from './content.ts'
import { incrementalDigest } from './digest.ts'
import { AttachmentIoError, type AttachmentStoreError, AttachmentTooLargeError } from './errors.ts'
import { fileStream } from './file-stream.ts'
import type { AttachmentId } from './id.ts'

const defaultMemoryLimit = 1024 * 1024
/** Small chunks are gathered to this size before they are written to a spool file. */
const writeBytes = 256 * 1024

/**
 * Reads a source to its end: hashed as it passes, held in memory up to a limit and in a file above it. On any failure the source is told,
 * and no file is left.
 */
export async function spool(source: AsyncIterator<Uint8Array>, options: ContentOptions): Promise<AttachmentContent> {
  const digest = incrementalDigest()
  const memoryLimit = options.spool?.memoryLimit ?? defaultMemoryLimit
  let held: Uint8Array[] = []
  let heldBytes = 0
  let byteLength = 0
  let file: SpoolFile | undefined
  try {
    for await (const chunk of readChunks(source, options.signal)) {
      byteLength += chunk.byteLength
      if (byteLength > options.maxByteLength) throw new AttachmentTooLargeError(options.maxByteLength)
      if (chunk.byteLength === 0) continue
      // The source may use its buffer again once it is asked for the next chunk: hash and keep the same copy.
      const copy = new Uint8Array(chunk)
      digest.update(copy)
      held.push(copy)
      heldBytes += copy.byteLength
      if (byteLength > memoryLimit && heldBytes >= writeBytes) {
        file ??= await SpoolFile.create(options.spool?.directory)
        await file.append(held)
        held = []
        heldBytes = 0
      }
    }
    options.signal?.throwIfAborted()
    if (file === undefined) return heldContent(concat(held, heldBytes), digest.id())
    await file.append(held)
    return trust(new SpooledContent(digest.id(), byteLength, file))
  } catch (error) {
    await file?.remove()
    throw error
  }
}

class SpooledContent implements AttachmentContent {
  readonly id: AttachmentId
  readonly byteLength: number
  declare readonly path?: string
  readonly #file: SpoolFile

  constructor(id: AttachmentId, byteLength: number, file: SpoolFile) {
    this.id = id
    this.byteLength = byteLength
    this.#file = file
    if (file.path !== undefined) this.path = file.path
  }

  stream(): ReadableStream<Uint8Array> {
    return fileStream(this.#file.handle, 0, this.byteLength)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.remove()
  }
}

/** A file with a name in a driver's folder, or one without a name, which no crash can leave behind. */
class SpoolFile {
  readonly handle: FileHandle
  readonly path: string | undefined
  #removed: Promise<void> | undefined

  private constructor(handle: FileHandle, path: string | undefined) {
    this.handle = handle
    this.path = path
  }

  static async create(directory: string | undefined): Promise<SpoolFile> {
    const [fs, os, path] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')])
    const name = path.join(directory ?? os.tmpdir(), `spool-${crypto.randomUUID()}`)
    try {
      const handle = await fs.open(name, 'wx+', 0o600)
      if (directory !== undefined) return new SpoolFile(handle, name)
      // Where an open file cannot lose its name (Windows), it keeps it until it is removed.
      const nameless = await fs.unlink(name).then(
        () => true,
        () => false,
      )
      return new SpoolFile(handle, nameless ? undefined : name)
    } catch (cause) {
      throw ioError(name, cause)
    }
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    let rest = chunks
    try {
      while (rest.length > 0) {
        const { bytesWritten } = await this.handle.writev(rest)
        rest = without(rest, bytesWritten)
      }
    } catch (cause) {
      throw ioError(this.path ?? 'spool file', cause)
    }
  }

  remove(): Promise<void> {
    this.#removed ??= this.#remove()
    return this.#removed
  }

  async #remove(): Promise<void> {
    await this.handle.close()
    if (this.path === undefined) return
    const fs = await import('node:fs/promises')
    await fs.rm(this.path, { force: true })
  }
}

/** What is left of the chunks after so many bytes. A short write is rare, and legal. */
function without(chunks: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written
  let index = 0
  for (let chunk = chunks[index]; chunk !== undefined && chunk.byteLength <= skip; chunk = chunks[index]) {
    skip -= chunk.byteLength
    index++
  }
  const first = chunks[index]
  if (first === undefined) return []
  return [first.subarray(skip), ...chunks.slice(index + 1)]
}

function concat(chunks: readonly Uint8Array[], byteLength: number): Uint8Array {
  const only = chunks[0]
  if (chunks.length === 1 && only !== undefined) return only
  const bytes = new Uint8Array(byteLength)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

function ioError(path: string, cause: unknown): AttachmentStoreError {
  return new AttachmentIoError(
    path,
    `cannot spool a body at ${path}: ${(cause as Error).message}; free space or set spool.directory`,
    {
      cause,
    },
  )
}
