import { fsync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { closeFile } from './close-file.ts'
import { ioError } from './io-error.ts'
import { isGone } from './stat.ts'

/** Windows cannot sync a folder; its file systems log changes of names themselves. */
const supported = process.platform !== 'win32'

/**
 * Folders whose sync has failed in this process, with the error. After a failure the kernel forgets which changes it could not
 * write, and the next fsync says that all is well: it must not be believed.
 */
const failures = new Map<string, unknown>()

/** Folders whose names were asked to be made durable in this process and are not yet known to be, by the folder that they are in. */
const unsynced = new Map<string, Set<string>>()

interface Turn {
  running: Promise<void>
  /** Starts when `running` has settled. */
  next: Promise<void> | undefined
}

/** Makes the names in folders durable, with one fsync for all who wait for the same folder. */
export class DirectorySync {
  readonly #turns = new Map<string, Turn>()

  /**
   * Resolves when every name that was in the folder at the time of the call is durable. A sync under way may have started too early
   * for the caller's change, so callers that come during one share the next.
   * @throws AttachmentIoError, also where an earlier sync of the folder failed in this process.
   */
  sync(folder: string): Promise<void> {
    if (!supported) return Promise.resolve()
    const turn = this.#turns.get(folder)
    if (turn !== undefined) {
      turn.next ??= turn.running.then(
        () => this.#start(folder),
        () => this.#start(folder),
      )
      return turn.next
    }
    return this.#start(folder)
  }

  /** Makes a folder's own name durable. */
  async syncName(folder: string): Promise<void> {
    const parent = dirname(folder)
    const names = unsynced.get(parent) ?? new Set()
    unsynced.set(parent, names.add(folder))
    await this.sync(parent)
    names.delete(folder)
    if (names.size === 0) unsynced.delete(parent)
  }

  /** Trusts folders again whose sync failed, where every name is gone that may have been lost by that. */
  trustAgain(): void {
    for (const folder of failures.keys()) {
      const names = unsynced.get(folder)
      if (names === undefined || ![...names].every(isGone)) continue
      failures.delete(folder)
      unsynced.delete(folder)
    }
  }

  #start(folder: string): Promise<void> {
    const turn: Turn = { running: syncFolder(folder), next: undefined }
    this.#turns.set(folder, turn)
    const finished = () => {
      if (turn.next === undefined) this.#turns.delete(folder)
    }
    turn.running.then(finished, finished)
    return turn.running
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (failures.has(folder)) throw failedBefore(folder)
  let descriptor: number
  try {
    // Opened anew each time: a folder kept open may be another than the one that has the name now.
    descriptor = openSync(folder, 'r')
  } catch (cause) {
    throw ioError('open, to sync its names, the folder', folder, cause)
  }
  try {
    await syncFile(descriptor)
  } catch (cause) {
    failures.set(folder, cause)
    throw ioError('sync the folder', folder, cause)
  } finally {
    closeFile(descriptor, folder)
  }
}

function failedBefore(folder: string): Error {
  return ioError(
    'trust, because an earlier sync in it failed (check the disk, then restart the process), the folder',
    folder,
    failures.get(folder),
  )
}

/** fsync, off the calling thread. */
export function syncFile(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, error => (error === null ? resolve() : reject(error)))
  })
}
