import { constants } from 'node:fs'
import { type FileHandle, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttachmentIoError } from '../errors.ts'
import { fileStream } from '../reading/file-stream.ts'

/** Where bodies that are too big for memory wait until their id is known. */
export interface AttachmentSpoolOptions {
  /**
   * Folder for spool files. It must exist when the first one is made. Default: the system's temporary folder, where a
   * spool file has no name if the file system allows that.
   */
  readonly directory?: string | undefined
  /** How many bytes of a stream are held in memory before a file is used. Default 1 MiB. */
  readonly memoryLimit?: number | undefined
}

/** Makes a file in the given folder. Without one, makes a file that has no name, which no crash can leave behind. */
export async function createSpoolFile(directory: string | undefined): Promise<SpoolFile> {
  const unnamed = directory === undefined ? await openUnnamed(tmpdir()) : undefined
  if (unnamed !== undefined) return new SpoolFile(unnamed, undefined)
  const path = join(directory ?? tmpdir(), `spool-${crypto.randomUUID()}`)
  try {
    const handle = await open(path, 'wx+', 0o600)
    // Where an open file cannot lose its name, as on Windows, it keeps the name until it is removed.
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

/** `O_TMPFILE`. Node has no constant for it. */
const temporaryFile = 0o20000000 | constants.O_DIRECTORY

/**
 * A file that never has a name. Undefined where there is no such thing: it needs Linux, and not every file system has
 * it.
 */
async function openUnnamed(folder: string): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux') return undefined
  return open(folder, constants.O_RDWR | temporaryFile, 0o600).catch(() => undefined)
}

/** Holds a body that is too big for memory. */
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
      // So that it can be tried again.
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
