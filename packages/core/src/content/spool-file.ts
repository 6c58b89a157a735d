import { constants, type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
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

/** `O_TMPFILE`: a file that never has a name. Node has no constant for it. */
const temporaryFile = 0o20000000 | constants.O_DIRECTORY

/** Makes a file in the given folder. Without one, makes a file that has no name, which no crash can leave behind. */
export async function createSpoolFile(directory: string | undefined): Promise<SpoolFile> {
  const folder = directory ?? tmpdir()
  // It needs Linux, and not every file system has it.
  if (directory === undefined && process.platform === 'linux') {
    const unnamed = await open(folder, constants.O_RDWR | temporaryFile, 0o600).catch(() => undefined)
    if (unnamed !== undefined) return new SpoolFile(unnamed, undefined)
  }
  const path = `${folder}/spool-${crypto.randomUUID()}`
  const handle = await open(path, 'wx+', 0o600).catch(failedIn(path))
  // Where an open file cannot lose its name, as on Windows, it keeps the name until it is removed.
  const isUnnamed =
    directory === undefined &&
    (await rm(path).then(
      () => true,
      () => false,
    ))
  return new SpoolFile(handle, isUnnamed ? undefined : path)
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

  append(bytes: Uint8Array): Promise<void> {
    return this.#handle.appendFile(bytes).catch(failedIn(this.path))
  }

  stream(byteLength: number): ReadableStream<Uint8Array> {
    return fileStream((...range) => this.#handle.read(...range).catch(failedIn(this.path)), 0, byteLength)
  }

  remove(): Promise<void> {
    this.#removed ??= this.#handle
      .close()
      .finally(() => this.path !== undefined && rm(this.path, { force: true }))
      .catch(cause => {
        // So that it can be tried again.
        this.#removed = undefined
        failedIn(this.path)(cause)
      })
    return this.#removed
  }
}

function failedIn(path: string | undefined): (cause: unknown) => never {
  return cause => {
    const where = path ?? tmpdir()
    const advice = 'free space there, or set spool.directory or TMPDIR'
    throw new AttachmentIoError(where, `a spool file failed in ${where}; ${advice}: ${cause}`, { cause })
  }
}
