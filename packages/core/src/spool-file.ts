import { constants } from 'node:fs'
import { type FileHandle, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContentFile } from './content.ts'
import { AttachmentIoError } from './errors.ts'
import { fileStream } from './file-stream.ts'

/** Where a body waits that is too big to hold in memory. */
export interface SpoolFile extends ContentFile {
  /** Takes the bytes; the chunk may be used again when this has resolved. */
  append(chunk: Uint8Array): Promise<void>
  /** Writes what is still gathered. */
  finish(): Promise<void>
}

/** Small chunks are gathered to this size before they are written. */
const gatherBytes = 256 * 1024

/** Makes a file with a name in a driver's folder or, without a folder, one without a name, which no crash can leave behind. */
export async function createSpoolFile(directory: string | undefined): Promise<SpoolFile> {
  const unnamed = directory === undefined ? await openUnnamed(tmpdir()) : undefined
  if (unnamed !== undefined) return new OpenSpoolFile(unnamed, undefined)
  const path = join(directory ?? tmpdir(), `spool-${crypto.randomUUID()}`)
  try {
    const handle = await open(path, 'wx+', 0o600)
    // Where an open file cannot lose its name (Windows), it keeps it until it is removed.
    const named =
      directory !== undefined ||
      (await unlink(path).then(
        () => false,
        () => true,
      ))
    return new OpenSpoolFile(handle, named ? path : undefined)
  } catch (cause) {
    throw ioError(path, cause)
  }
}

/** `O_TMPFILE`, which Node has no constant for. */
const temporaryFile = 0o20000000 | constants.O_DIRECTORY

/** A file that never has a name. Undefined where that cannot be had: on Linux only, and not on every file system. */
async function openUnnamed(folder: string): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux') return undefined
  return open(folder, constants.O_RDWR | temporaryFile, 0o600).catch(() => undefined)
}

class OpenSpoolFile implements SpoolFile {
  readonly #handle: FileHandle
  readonly path: string | undefined
  readonly #gather = new Uint8Array(gatherBytes)
  #gathered = 0
  #removed: Promise<void> | undefined

  constructor(handle: FileHandle, path: string | undefined) {
    this.#handle = handle
    this.path = path
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let offset = 0; offset < chunk.byteLength; ) {
      const taken = chunk.subarray(offset, offset + gatherBytes - this.#gathered)
      this.#gather.set(taken, this.#gathered)
      this.#gathered += taken.byteLength
      offset += taken.byteLength
      if (this.#gathered === gatherBytes) await this.finish()
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#handle.appendFile(this.#gather.subarray(0, this.#gathered))
      this.#gathered = 0
    } catch (cause) {
      throw ioError(this.path ?? 'a spool file', cause)
    }
  }

  stream(byteLength: number): ReadableStream<Uint8Array> {
    return fileStream(this.#handle, 0, byteLength)
  }

  remove(): Promise<void> {
    this.#removed ??= this.#remove()
    return this.#removed
  }

  async #remove(): Promise<void> {
    await this.#handle.close()
    if (this.path !== undefined) await rm(this.path, { force: true })
  }
}

function ioError(path: string, cause: unknown): AttachmentIoError {
  return new AttachmentIoError(path, `cannot spool a body to ${path}; free space or set spool.directory: ${cause}`, {
    cause,
  })
}
