import { constants } from 'node:fs'
import { type FileHandle, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttachmentIoError } from '../errors.ts'
import { fileStream } from '../reading/file-stream.ts'

/** Where bodies wait that are too big to hold in memory, before their id is known. */
export interface AttachmentSpoolOptions {
  /** Folder for spool files; it exists by the time of the first spool. Without it: a nameless file in the system's. */
  readonly directory?: string | undefined
  /** Bytes of a stream held in memory before a file is used. Default 1 MiB. */
  readonly memoryLimit?: number | undefined
}

/** Makes a file with a name in a driver's folder or, without a folder, one without a name, which no crash can leave behind. */
export async function createSpoolFile(directory: string | undefined): Promise<SpoolFile> {
  const unnamed = directory === undefined ? await openUnnamed(tmpdir()) : undefined
  if (unnamed !== undefined) return new SpoolFile(unnamed, undefined)
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
    return new SpoolFile(handle, named ? path : undefined)
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

/** Where a body waits that is too big to hold in memory. */
export class SpoolFile {
  readonly #handle: FileHandle
  readonly path: string | undefined
  #removed: Promise<void> | undefined

  constructor(handle: FileHandle, path: string | undefined) {
    this.#handle = handle
    this.path = path
  }

  async append(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle.appendFile(bytes)
    } catch (cause) {
      throw ioError(this.path, cause)
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
    const { path } = this
    try {
      await this.#handle.close().finally(() => path !== undefined && rm(path, { force: true }))
    } catch (cause) {
      // To be tried again.
      this.#removed = undefined
      throw ioError(path, cause)
    }
  }
}

function ioError(path: string | undefined, cause: unknown): AttachmentIoError {
  const where = path ?? tmpdir()
  const advice = 'free space there, or set spool.directory, where the store has it, or TMPDIR'
  return new AttachmentIoError(where, `a spool file failed in ${where}; ${advice}: ${cause}`, { cause })
}
