import { close, constants, fstat, fstatSync, open, openSync, read, readSync, type Stats, stat, statSync } from 'node:fs'
import { closeFile } from './close-file.ts'
import { hasCode, ioError } from './io-error.ts'
import { Pace } from './pace.ts'

/** To read. Non-blocking: a named pipe in the place of a file would stop the whole process. */
export const readOnly: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Up to this many bytes, a read on the calling thread takes less time than a hop to the thread pool and back. */
export const synchronousReadBytes: number = 128 * 1024

/** Shared by all reads in place. One more: it shows excess length. */
const scratch = Buffer.allocUnsafeSlow(synchronousReadBytes + 1)

/**
 * The calls of a store on its file system, for the steps that it runs: on the calling thread, or where the disk is slow
 * on the pool.
 */
export class Disk extends Pace {
  open(path: string, flags: string | number): number | Promise<number> {
    return this.isSlow ? pooled(done => open(path, flags, done)) : openSync(path, flags)
  }

  /**
   * What one read finds: up to `length` bytes, at most {@link synchronousReadBytes} and one. The next read may
   * overwrite them: use or copy them before the next yield.
   */
  read(descriptor: number, length: number, position: number): Uint8Array | Promise<Uint8Array> {
    if (!this.isSlow) return scratch.subarray(0, readSync(descriptor, scratch, 0, length, position))
    const buffer = Buffer.allocUnsafeSlow(length)
    return pooled(done =>
      read(descriptor, buffer, 0, length, position, (error, count) => done(error, buffer.subarray(0, count))),
    )
  }

  fstat(descriptor: number): Stats | Promise<Stats> {
    return this.isSlow ? pooled(done => fstat(descriptor, done)) : fstatSync(descriptor)
  }

  /** Undefined when nothing is there. */
  stat(path: string): Stats | undefined | Promise<Stats | undefined> {
    if (!this.isSlow) return statSync(path, { throwIfNoEntry: false })
    return pooled<Stats | undefined>(done =>
      stat(path, (error, stats) => (hasCode(error, 'ENOENT') ? done(null, undefined) : done(error, stats))),
    )
  }

  /**
   * A write may fail only now, for example on a network file system. Even then the descriptor must not be used, nor
   * closed again.
   * @throws AttachmentIoError.
   */
  close(descriptor: number, path: string): void | Promise<void> {
    if (!this.isSlow) return closeFile(descriptor, path)
    return pooled<void>(done =>
      close(descriptor, cause => done(cause ? ioError('close', path, cause) : null, undefined)),
    )
  }
}

function pooled<T>(call: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error === null ? resolve(value) : reject(error)))
  })
}
