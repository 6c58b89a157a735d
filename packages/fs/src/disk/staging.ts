import { constants, write } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { sep } from 'node:path'
import type { AttachmentContent } from '@lash/attachments-core'
import { parsePhysicalName } from '@lash/attachments-core/backend'
import { syncFile } from './directory-sync.ts'
import type { Disk } from './disk.ts'
import { deleteIfPresent } from './if-present.ts'
import { hasCode, ioError } from './io-error.ts'
import { type Steps, settled } from './pace.ts'
import { identityOf } from './stat.ts'
import { WriteConflict } from './write-conflict.ts'

/** Up to this many bytes, a write on the calling thread takes less time than a hop to the thread pool and back. */
export const synchronousWriteBytes: number = 128 * 1024

/** Opens a file only if it does not exist yet. */
export const exclusive: number = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** How file systems refuse a hard link: they have none, or no more for this file. */
const noLink = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EACCES']

const stagedPattern = /^(.+?)(?:\.json)?~[0-9]+$/

/** The physical name of the blob whose bytes or sidecar a staged file holds; undefined for any other file. */
export function stagedName(file: string): string | undefined {
  const name = stagedPattern.exec(file)?.[1]
  return name !== undefined && parsePhysicalName(name) !== undefined ? name : undefined
}

/** A file that nobody reads yet. Whoever deletes it stops its write: the file can no longer be published. */
export class StagedFile {
  readonly path: string
  /** See `identityOf`. Known once the file is synced; publishing does not change it. */
  identity = ''
  readonly #disk: Disk
  #descriptor: number | undefined

  constructor(disk: Disk, path: string, descriptor: number) {
    this.#disk = disk
    this.path = path
    this.#descriptor = descriptor
  }

  get descriptor(): number {
    return this.#descriptor as number
  }

  /** Writes something small. */
  *write(bytes: Uint8Array): Steps<void> {
    let offset = 0
    try {
      do {
        const writing = this.#disk.write(this.descriptor, bytes, offset)
        offset += writing instanceof Promise ? yield writing : writing
      } while (offset < bytes.byteLength)
    } catch (cause) {
      throw ioError('write', this.path, cause)
    }
  }

  /** Makes the bytes durable and closes the file. After a failure the file must not be published. */
  async sync(): Promise<void> {
    try {
      await syncFile(this.descriptor)
      this.identity = identityOf(await this.#disk.fstat(this.descriptor))
    } catch (cause) {
      throw ioError('sync', this.path, cause)
    } finally {
      await this.#disk.run(this.close())
    }
  }

  /** Renames the file to its final name, replacing whatever has that name. */
  *publish(target: string): Steps<void> {
    try {
      const renaming = this.#disk.rename(this.path, target)
      if (renaming instanceof Promise) yield renaming
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      throw ioError('write', target, cause)
    }
  }

  *close(): Steps<void> {
    if (this.#descriptor === undefined) return
    const descriptor = this.#descriptor
    // First: the system closes it even where it reports a failure.
    this.#descriptor = undefined
    const closing = this.#disk.close(descriptor, this.path)
    if (closing instanceof Promise) yield closing
  }

  /** Closes a file whose write has failed. Never fails. */
  *abandon(): Steps<void> {
    try {
      yield* this.close()
    } catch {
      // Nobody needs it.
    }
  }

  /** Closes and deletes a file that was not published. Never fails. */
  *discard(): Steps<void> {
    yield* this.abandon()
    yield* discardFile(this.#disk, this.path)
  }

  /** Gives a linked spool file, which only its owner may read, the mode of every other file. */
  *adoptMode(like: StagedFile): Steps<void> {
    try {
      const { mode } = yield* settled(this.#disk.fstat(like.descriptor))
      const own = yield* settled(this.#disk.fstat(this.descriptor))
      if (own.mode !== mode) yield* settled(this.#disk.fchmod(this.descriptor, mode & 0o777))
    } catch (cause) {
      throw ioError('set the mode of', this.path, cause)
    }
  }
}

function* discardFile(disk: Disk, path: string): Steps<void> {
  try {
    yield* deleteIfPresent(disk, path)
  } catch {
    // `Folders.close` deletes it, or the sweep of this writer's folder.
  }
}

/** Makes staged files in one writer's folder. No name is used twice. */
export class Staging {
  readonly #disk: Disk
  readonly #folder: string
  #count = 0

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /** Stages something small. */
  *stage(name: string, bytes: Uint8Array): Steps<StagedFile> {
    const file = yield* this.create(name)
    try {
      yield* file.write(bytes)
      return file
    } catch (error) {
      yield* file.discard()
      throw error
    }
  }

  /** Makes an empty file for the name. */
  create(name: string): Steps<StagedFile> {
    return this.#open(this.newPath(name), exclusive)
  }

  /** Makes an empty file directly under its last name; undefined when the name is taken. */
  *createUnder(path: string): Steps<StagedFile | undefined> {
    try {
      return yield* this.#open(path, exclusive)
    } catch (error) {
      if (hasCode((error as Error).cause, 'EEXIST')) return undefined
      throw error
    }
  }

  /** Stages a content: writes bytes, but links a spool file, so that nothing is written twice. */
  async stageContent(name: string, content: AttachmentContent, signal: AbortSignal | undefined): Promise<StagedFile> {
    const { bytes, path } = content
    if (bytes !== undefined && bytes.byteLength <= synchronousWriteBytes) return this.#disk.run(this.stage(name, bytes))
    if (bytes === undefined && path !== undefined) {
      const linked = await this.#link(name, path)
      if (linked !== undefined) return linked
    }
    const file = await this.#disk.run(this.create(name))
    try {
      if (bytes === undefined) await writeStream(file.descriptor, content, signal)
      else await writeAll(file.descriptor, bytes)
      return file
    } catch (cause) {
      await this.#disk.run(file.discard())
      if (signal?.aborted) throw signal.reason
      throw hasCode(cause, 'ENOENT') ? cause : ioError('write', file.path, cause)
    }
  }

  /** The spool file under a second name, or a copy of it; undefined when somebody has deleted the spool file. */
  async #link(name: string, spooled: string): Promise<StagedFile | undefined> {
    const path = this.newPath(name)
    try {
      await this.#disk.link(spooled, path)
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return undefined
      if (!hasCode(cause, ...noLink)) throw ioError('link a spooled body to', path, cause)
      await copyFile(spooled, path).catch(async error => {
        await this.#disk.run(discardFile(this.#disk, path))
        throw ioError('copy a spooled body to', path, error)
      })
    }
    try {
      return await this.#disk.run(this.#open(path, process.platform === 'win32' ? 'r+' : 'r'))
    } catch (error) {
      await this.#disk.run(discardFile(this.#disk, path))
      throw error
    }
  }

  newPath(name: string): string {
    this.#count++
    return `${this.#folder}${sep}${name}~${this.#count}`
  }

  *#open(path: string, flags: string | number): Steps<StagedFile> {
    try {
      const opening = this.#disk.open(path, flags)
      return new StagedFile(this.#disk, path, opening instanceof Promise ? yield opening : opening)
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      throw ioError('write', path, cause)
    }
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; ) {
    offset += await new Promise<number>((resolve, reject) => {
      write(descriptor, bytes, offset, bytes.byteLength - offset, null, (error, written) =>
        error ? reject(error) : resolve(written),
      )
    })
  }
}

async function writeStream(
  descriptor: number,
  content: AttachmentContent,
  signal: AbortSignal | undefined,
): Promise<void> {
  let length = 0
  for await (const chunk of content.stream()) {
    signal?.throwIfAborted()
    length += chunk.byteLength
    await writeAll(descriptor, chunk)
  }
  if (length !== content.byteLength) throw new Error(`the body has ${length} bytes, not ${content.byteLength}`)
}
