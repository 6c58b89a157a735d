import { constants, fchmodSync, fstatSync, linkSync, openSync, renameSync, write, writeSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { sep } from 'node:path'
import type { AttachmentContent } from '@lash/attachments-core'
import { parsePhysicalName } from '@lash/attachments-core/backend'
import { closeFile } from './close-file.ts'
import { syncFile } from './directory-sync.ts'
import { deleteIfPresent } from './if-present.ts'
import { hasCode, ioError } from './io-error.ts'
import { identityOf } from './stat.ts'
import { WriteConflict } from './write-conflict.ts'

/** Up to this many bytes, a write on the calling thread takes less time than a hop to the thread pool and back. */
export const synchronousWriteBytes: number = 128 * 1024

/** Opens a file only if it does not exist yet. */
const exclusive = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

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
  #descriptor: number | undefined

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  get descriptor(): number {
    return this.#descriptor as number
  }

  /** Writes something small, synchronously. */
  write(bytes: Uint8Array): void {
    let offset = 0
    try {
      do {
        offset += writeSync(this.descriptor, bytes, offset, bytes.byteLength - offset)
      } while (offset < bytes.byteLength)
    } catch (cause) {
      throw ioError('write', this.path, cause)
    }
  }

  /** Makes the bytes durable and closes the file. After a failure the file must not be published. */
  async sync(): Promise<void> {
    try {
      await syncFile(this.descriptor)
      this.identity = identityOf(fstatSync(this.descriptor))
    } catch (cause) {
      throw ioError('sync', this.path, cause)
    } finally {
      this.close()
    }
  }

  /** Renames the file to its final name, replacing whatever has that name. */
  publish(target: string): void {
    try {
      renameSync(this.path, target)
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      throw ioError('write', target, cause)
    }
  }

  close(): void {
    if (this.#descriptor === undefined) return
    const descriptor = this.#descriptor
    // First: the system closes it even where it reports a failure.
    this.#descriptor = undefined
    closeFile(descriptor, this.path)
  }

  /** Closes a file whose write has failed. Never fails. */
  abandon(): void {
    try {
      this.close()
    } catch {
      // Nobody needs it.
    }
  }

  /** Closes and deletes a file that was not published. Never fails. */
  discard(): void {
    this.abandon()
    discardFile(this.path)
  }

  /** Gives a linked spool file, which only its owner may read, the mode of every other file. */
  adoptMode(like: StagedFile): void {
    try {
      const { mode } = fstatSync(like.descriptor)
      if (fstatSync(this.descriptor).mode !== mode) fchmodSync(this.descriptor, mode & 0o777)
    } catch (cause) {
      throw ioError('set the mode of', this.path, cause)
    }
  }
}

function discardFile(path: string): void {
  try {
    deleteIfPresent(path)
  } catch {
    // `Folders.close` deletes it, or the sweep of this writer's folder.
  }
}

/** Makes staged files in one writer's folder. No name is used twice. */
export class Staging {
  readonly #folder: string
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Stages something small, synchronously. */
  stage(name: string, bytes: Uint8Array): StagedFile {
    const file = this.create(name)
    try {
      file.write(bytes)
      return file
    } catch (error) {
      file.discard()
      throw error
    }
  }

  /** Makes an empty file for the name. */
  create(name: string): StagedFile {
    const path = this.#newPath(name)
    return new StagedFile(path, this.#open(path, exclusive))
  }

  /** Makes an empty file directly under its last name; undefined when the name is taken. */
  createUnder(path: string): StagedFile | undefined {
    try {
      return new StagedFile(path, openSync(path, exclusive))
    } catch (cause) {
      if (hasCode(cause, 'EEXIST')) return undefined
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      throw ioError('write', path, cause)
    }
  }

  /** Stages a content: writes bytes, but links a spool file, so that nothing is written twice. */
  async stageContent(name: string, content: AttachmentContent, signal: AbortSignal | undefined): Promise<StagedFile> {
    const { bytes, path } = content
    if (bytes !== undefined && bytes.byteLength <= synchronousWriteBytes) return this.stage(name, bytes)
    if (bytes === undefined && path !== undefined) {
      const linked = await this.#link(name, path)
      if (linked !== undefined) return linked
    }
    const file = this.create(name)
    try {
      if (bytes === undefined) await writeStream(file.descriptor, content, signal)
      else await writeAll(file.descriptor, bytes)
      return file
    } catch (cause) {
      file.discard()
      if (signal?.aborted) throw signal.reason
      throw hasCode(cause, 'ENOENT') ? cause : ioError('write', file.path, cause)
    }
  }

  /** The spool file under a second name, or a copy of it; undefined when somebody has deleted the spool file. */
  async #link(name: string, spooled: string): Promise<StagedFile | undefined> {
    const path = this.#newPath(name)
    try {
      linkSync(spooled, path)
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return undefined
      if (!hasCode(cause, ...noLink)) throw ioError('link a spooled body to', path, cause)
      await copyFile(spooled, path).catch(error => {
        discardFile(path)
        throw ioError('copy a spooled body to', path, error)
      })
    }
    try {
      return new StagedFile(path, this.#open(path, process.platform === 'win32' ? 'r+' : 'r'))
    } catch (error) {
      discardFile(path)
      throw error
    }
  }

  #newPath(name: string): string {
    this.#count++
    return `${this.#folder}${sep}${name}~${this.#count}`
  }

  #open(path: string, flags: string | number): number {
    try {
      return openSync(path, flags)
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
        error === null ? resolve(written) : reject(error),
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
