import { close, fdatasync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { AttachmentInvalidArgumentError, AttachmentIoError } from '@lash/attachments-core'
import { makeFolder, syncFolder } from '@lash/attachments-core/backend'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { BlobRow } from '../store/blob-row.ts'
import { checkDataFile } from './data-file.ts'

/** What this process has open, by path. */
const opened = new Map<string, LmdbEnvironment>()

/**
 * An LMDB environment with the databases of this package. A process opens it once, whoever uses it: a second handle
 * would wait for the write lock of the first and keep the first from ever letting go of it, since both need the same
 * thread.
 */
export class LmdbEnvironment {
  readonly blobs: Database<BlobRow, string>
  /** By the name of the blob and the number of the chunk. */
  readonly chunks: Database<Uint8Array, [name: string, number: number]>
  readonly refs: Database<string, string>
  readonly #path: string
  readonly #root: RootDatabase
  readonly #file: number
  #holders = 0

  /**
   * Opens the environment, or takes the one that is open. Call {@link release} once for each call.
   * @throws AttachmentInvalidArgumentError, AttachmentIoError
   */
  static hold(path: unknown): LmdbEnvironment {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      throw new AttachmentInvalidArgumentError('path must be the path of a folder')
    }
    const place = resolve(path)
    const environment = opened.get(place) ?? openAt(place)
    environment.#holders++
    opened.set(place, environment)
    return environment
  }

  constructor(path: string) {
    const file = join(path, 'data.mdb')
    makeFolder(file)
    checkDataFile(file)
    // With `overlappingSync` what is written could be seen before it is synced. A path with a dot is a folder too.
    this.#root = open({ path, overlappingSync: false, noSubdir: false })
    this.#path = path
    this.blobs = this.#root.openDB({ name: 'attachment-blobs', encoding: 'json' })
    this.chunks = this.#root.openDB({ name: 'attachment-chunks', encoding: 'binary' })
    this.refs = this.#root.openDB({ name: 'attachment-refs', encoding: 'string' })
    // LMDB syncs what is in its file, and not that the file is in its folder.
    syncFolder(path)
    this.#file = openSync(file, 'r')
  }

  /** Runs the work in one transaction. Resolves when what it has written is on the disk. */
  write<T>(work: () => T): Promise<T> {
    return this.#root.transaction(work)
  }

  /**
   * Resolves when all that could be seen before the call is on the disk. For whoever found that there is nothing to
   * write: a process that was killed in the middle of its last sync may have left what is seen.
   */
  async sync(): Promise<void> {
    await promisify(fdatasync)(this.#file)
  }

  /** Lets the next reads see all that is committed now. Otherwise those of one turn see the same. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  /** Closes the environment when nobody holds it any more. */
  async release(): Promise<void> {
    this.#holders--
    if (this.#holders > 0) return
    opened.delete(this.#path)
    await this.#root.close()
    await promisify(close)(this.#file)
  }
}

function openAt(path: string): LmdbEnvironment {
  try {
    return new LmdbEnvironment(path)
  } catch (cause) {
    throw new AttachmentIoError(
      path,
      `cannot open the LMDB environment ${path}: ${(cause as Error).message}; ` +
        'give a folder that this process may write, with no other files in it',
      { cause },
    )
  }
}
