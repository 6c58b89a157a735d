/** What is measured: so many requests of one kind, so many at a time. */
export interface HttpCell {
  readonly name: string
  readonly direction: 'up' | 'down'
  readonly byteLength: number
  readonly requests: number
  readonly concurrency: number
  /** Different files that are downloaded. All uploads are of different bytes. */
  readonly files: number
  /** Whether speed is requests rather than bytes, and a quick run does a tenth of them. */
  readonly isSmall: boolean
  /** Most memory that a server of ours may have resident, whole process, in MiB. */
  readonly promisedMiB?: number
}

const KiB = 1024
const MiB = 1024 * KiB

export const cells: readonly HttpCell[] = [
  cell('upload of 200 MB', 'up', 200e6, 1, 1, { promisedMiB: 300 }),
  cell('100 uploads of 10 MiB at once', 'up', 10 * MiB, 100, 100, { promisedMiB: 400 }),
  cell('1,000 downloads of one 1 MiB file at once', 'down', MiB, 1000, 1000, { promisedMiB: 400 }),
  cell('1,000 downloads of 100 files of 1 MiB at once', 'down', MiB, 1000, 1000, { files: 100, promisedMiB: 400 }),
  cell('uploads of 16 KiB, 32 at a time', 'up', 16 * KiB, 3000, 32, { isSmall: true }),
  cell('downloads of 16 KiB, 32 at a time', 'down', 16 * KiB, 10_000, 32, { files: 100, isSmall: true }),
]

function cell(
  name: string,
  direction: HttpCell['direction'],
  byteLength: number,
  requests: number,
  concurrency: number,
  more: Partial<HttpCell>,
): HttpCell {
  return { name, direction, byteLength, requests, concurrency, files: 1, isSmall: false, ...more }
}
