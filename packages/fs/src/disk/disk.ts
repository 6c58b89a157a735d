import * as fs from 'node:fs'
import { Semaphore } from '@lash/attachments-core/backend'
import { hasCode, ioError } from './io-error.ts'
import { Pace } from './pace.ts'

/** To read. Non-blocking: a named pipe in the place of a file would stop the whole process. */
export const readOnly: number = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0)

/** Up to this many bytes, a read on the calling thread takes less time than a hop to the thread pool and back. */
export const synchronousReadBytes: number = 128 * 1024

/** As many as the pool and threads can be busy with, and some to wait for these. */
const bigReadsAtOnce = 32

/** Shared by all reads in place. One more: it shows excess length. */
export const scratch: Buffer = Buffer.allocUnsafeSlow(synchronousReadBytes + 1)

/** What a call gives: where the disk is slow, later. */
type Soon<T> = T | Promise<T>

/**
 * The calls of a store on its file system, for the steps that it runs: on the calling thread, or where the disk is slow
 * on the pool.
 */
export class Disk extends Pace {
  /** Those of blobs that are not small. Each holds a file open, or the memory for one. */
  readonly bigReads: Semaphore = new Semaphore(bigReadsAtOnce)

  open(path: string, flags: string | number): Soon<number> {
    return this.isSlow ? pooled(done => fs.open(path, flags, done)) : fs.openSync(path, flags)
  }

  /**
   * What one read finds: up to `length` bytes, at most {@link synchronousReadBytes} and one. The next read may
   * overwrite them: use or copy them before the next yield.
   */
  read(descriptor: number, length: number, position: number): Soon<Uint8Array> {
    if (!this.isSlow) return scratch.subarray(0, fs.readSync(descriptor, scratch, 0, length, position))
    const buffer = Buffer.allocUnsafeSlow(length)
    return pooled(done =>
      fs.read(descriptor, buffer, 0, length, position, (error, count) => done(error, buffer.subarray(0, count))),
    )
  }

  /** Returns how many of the bytes from the offset on it has written. */
  write(descriptor: number, bytes: Uint8Array, offset: number): Soon<number> {
    const length = bytes.byteLength - offset
    if (!this.isSlow) return fs.writeSync(descriptor, bytes, offset, length)
    return pooled(done => fs.write(descriptor, bytes, offset, length, null, done))
  }

  fstat(descriptor: number): Soon<fs.Stats> {
    return this.isSlow ? pooled(done => fs.fstat(descriptor, done)) : fs.fstatSync(descriptor)
  }

  fchmod(descriptor: number, mode: number): Soon<void> {
    return this.isSlow ? pooled(done => fs.fchmod(descriptor, mode, done)) : fs.fchmodSync(descriptor, mode)
  }

  /** Undefined when nothing is there. */
  stat(path: string): Soon<fs.Stats | undefined> {
    if (!this.isSlow) return fs.statSync(path, { throwIfNoEntry: false })
    return pooled<fs.Stats | undefined>(done =>
      fs.stat(path, (error, stats) => (hasCode(error, 'ENOENT') ? done(null, undefined) : done(error, stats))),
    )
  }

  /**
   * A write may fail only now, for example on a network file system. Even then the descriptor must not be used, nor
   * closed again.
   * @throws AttachmentIoError.
   */
  close(descriptor: number, path: string): Soon<void> {
    if (this.isSlow) {
      return pooled(done => fs.close(descriptor, cause => done(cause ? ioError('close', path, cause) : null)))
    }
    try {
      fs.closeSync(descriptor)
    } catch (cause) {
      throw ioError('close', path, cause)
    }
  }

  rename(from: string, to: string): Soon<void> {
    return this.isSlow ? pooled(done => fs.rename(from, to, done)) : fs.renameSync(from, to)
  }

  link(from: string, to: string): Soon<void> {
    return this.isSlow ? pooled(done => fs.link(from, to, done)) : fs.linkSync(from, to)
  }

  unlink(path: string): Soon<void> {
    return this.isSlow ? pooled(done => fs.unlink(path, done)) : fs.unlinkSync(path)
  }

  mkdir(path: string): Soon<void> {
    return this.isSlow ? pooled(done => fs.mkdir(path, done)) : fs.mkdirSync(path)
  }

  /** Makes a folder and those above it that are missing. */
  makeAll(path: string): Soon<void> {
    const options = { recursive: true } as const
    return this.isSlow
      ? pooled(done => fs.mkdir(path, options, error => done(error)))
      : void fs.mkdirSync(path, options)
  }

  rmdir(path: string): Soon<void> {
    return this.isSlow ? pooled(done => fs.rmdir(path, done)) : fs.rmdirSync(path)
  }

  readdir(path: string): Soon<string[]> {
    return this.isSlow ? pooled(done => fs.readdir(path, done)) : fs.readdirSync(path)
  }

  /** The entries of a folder with their types. */
  readdirTypes(path: string): Soon<fs.Dirent[]> {
    const options = { withFileTypes: true } as const
    return this.isSlow ? pooled(done => fs.readdir(path, options, done)) : fs.readdirSync(path, options)
  }

  readFile(path: string): Soon<Buffer> {
    return this.isSlow ? pooled(done => fs.readFile(path, done)) : fs.readFileSync(path)
  }

  /** Writes a file that must not be there yet. */
  writeNewFile(path: string, text: string): Soon<void> {
    const options = { flag: 'wx' }
    return this.isSlow ? pooled(done => fs.writeFile(path, text, options, done)) : fs.writeFileSync(path, text, options)
  }
}

function pooled<T>(call: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)))
  })
}
