import { randomBytes } from 'node:crypto'
import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** `O_TMPFILE`, which Node has no constant for. */
const temporaryFile = 0o20000000 | constants.O_DIRECTORY

/** Noise: a file system that compresses would keep no room for zeros. */
let noise: Uint8Array | undefined

/** Room on a database's disk that nobody else can take: a file without a name, so that it is gone with its process. */
export class ReserveFile {
  readonly #path: string
  #descriptor: number | undefined
  #bytes = 0
  #isRefused = false

  constructor(path: string) {
    this.#path = path
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether the last attempt failed for another reason than a lack of room: then nothing is known about room. */
  get isRefused(): boolean {
    return this.#isRefused
  }

  /** Makes it so long. Returns false, having changed nothing, when there is no room for that. */
  grow(bytes: number): boolean {
    const before = this.#bytes
    this.take(bytes)
    if (this.#bytes >= bytes) return true
    this.#bytes = before
    this.#truncate(before)
    return false
  }

  /** Makes it so long, or as long as there is room. */
  take(bytes: number): void {
    this.#isRefused = false
    try {
      this.#descriptor ??= openNameless(this.#path)
      noise ??= randomBytes(256 * 1024)
      while (this.#bytes < bytes) {
        const length = Math.min(noise.length, bytes - this.#bytes)
        this.#bytes += writeSync(this.#descriptor, noise, 0, length, this.#bytes)
      }
    } catch (error) {
      // No room, or no right to make files here: then there is what there is.
      const { errno, code = '' } = error as NodeJS.ErrnoException
      if (errno === undefined) throw error
      this.#isRefused = !['ENOSPC', 'EDQUOT'].includes(code)
    }
  }

  giveUp(): void {
    this.#truncate(0)
    this.#bytes = 0
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
    this.#bytes = 0
  }

  #truncate(bytes: number): void {
    if (this.#descriptor !== undefined) ftruncateSync(this.#descriptor, bytes)
  }
}

function openNameless(path: string): number {
  if (process.platform === 'linux') {
    try {
      return openSync(dirname(path), constants.O_RDWR | temporaryFile, 0o600)
    } catch {
      // Not on every file system.
    }
  }
  const named = `${path}-reserve-${crypto.randomUUID()}`
  const descriptor = openSync(named, 'wx+', 0o600)
  unlinkSync(named)
  return descriptor
}
