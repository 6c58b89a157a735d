import { fsync } from 'node:fs'
import { dirname } from 'node:path'
import type { Disk } from './disk.ts'
import { ioError } from './io-error.ts'
import { isGone } from './stat.ts'

/** Windows cannot sync a folder; its file systems journal changes of names themselves. */
const supported = process.platform !== 'win32'

/**
 * Folders whose sync has failed in this process, with the error. After a failure the kernel forgets which changes it
 * could not write, and the next fsync succeeds although they are lost. So such a folder is not trusted any more.
 */
const failures = new Map<string, unknown>()

/**
 * By folder: the folders in it whose names this process has tried to make durable, and does not know to be durable yet.
 */
const unsynced = new Map<string, Set<string>>()

interface Turn {
  running: Promise<void>
  /** Starts when `running` has settled. */
  next: Promise<void> | undefined
}

/** Makes the names in folders durable. Everyone who waits for the same folder shares one fsync. */
export class DirectorySync {
  readonly #disk: Disk
  readonly #turns = new Map<string, Turn>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /**
   * Resolves when every name that was in the folder at the time of the call is durable. A sync under way may have
   * started too early for the caller's change, so callers that come meanwhile share the next one.
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

  /** Trusts a folder again after a failed sync, if every name that the failure may have lost is gone. */
  trustAgain(): void {
    for (const folder of failures.keys()) {
      const names = unsynced.get(folder)
      if (names === undefined || ![...names].every(isGone)) continue
      failures.delete(folder)
      unsynced.delete(folder)
    }
  }

  #start(folder: string): Promise<void> {
    const turn: Turn = { running: syncFolder(this.#disk, folder), next: undefined }
    this.#turns.set(folder, turn)
    const finished = () => {
      if (turn.next === undefined) this.#turns.delete(folder)
    }
    turn.running.then(finished, finished)
    return turn.running
  }
}

async function syncFolder(disk: Disk, folder: string): Promise<void> {
  if (failures.has(folder)) throw failedBefore(folder)
  let descriptor: number
  try {
    // Opened anew each time: by now the name may belong to another folder than one that was kept open.
    descriptor = await disk.open(folder, 'r')
  } catch (cause) {
    throw ioError('open, to sync its names, the folder', folder, cause)
  }
  try {
    await syncFile(descriptor)
  } catch (cause) {
    failures.set(folder, cause)
    throw ioError('sync the folder', folder, cause)
  } finally {
    await disk.close(descriptor, folder)
  }
}

function failedBefore(folder: string): Error {
  return ioError(
    'trust, because an earlier sync in it failed (check the disk, then restart the process), the folder',
    folder,
    failures.get(folder),
  )
}

/** fsync, on the thread pool. */
export function syncFile(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, error => (error ? reject(error) : resolve()))
  })
}
