import type { AttachmentContentRecord, AttachmentManifest, AttachmentManifestRecord } from '../manifest/manifest.ts'
import type { MaintenanceProgress } from './progress.ts'

export interface CopyManifestOptions {
  /** Count what would be copied, and import nothing. Default false. */
  dryRun?: boolean | undefined
  /** Stops the run. It rejects with `signal.reason`, and nothing was copied. */
  signal?: AbortSignal | undefined
  /** Called after each content. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

export interface CopyManifestReport {
  /** How many contents the source knows: with refs, under a claim, or remembered as tombstones. */
  contentCount: number
  refCount: number
  /** Where unknown content starts in both. */
  floor: number
}

/**
 * Copies everything that a manifest knows to an empty one: refs, holders, times, metadata, generations and the floor.
 * The store stays as it is, or is copied before. Sessions and sweeps over `from` must have ended, and go on over `to`.
 * `from` is not changed, and must not be used any more: an audit by one of two manifests deletes what only the other
 * knows.
 *
 * All or nothing. When it is cut off, run it again.
 * @throws AttachmentInvalidArgumentError when `to` has ever been used.
 */
export async function copyManifest(
  from: AttachmentManifest,
  to: AttachmentManifest,
  { dryRun = false, signal, onProgress }: CopyManifestOptions = {},
): Promise<CopyManifestReport> {
  const count = new Count(onProgress)
  const records = count.of(from.exportContents({ signal }))
  if (dryRun) for await (const _ of records);
  else await to.importContents(records, { signal })
  return count.report
}

/** Counts the records that pass. */
class Count {
  readonly report: CopyManifestReport = { contentCount: 0, refCount: 0, floor: 0 }
  readonly #onProgress: CopyManifestOptions['onProgress']
  #byteLength = 0
  #last: string | undefined

  constructor(onProgress: CopyManifestOptions['onProgress']) {
    this.#onProgress = onProgress
  }

  async *of(records: AsyncIterable<AttachmentManifestRecord>): AsyncGenerator<AttachmentManifestRecord, void, void> {
    for await (const record of records) {
      yield record
      if ('floor' in record) this.report.floor = record.floor
      else this.#add(record)
    }
  }

  /** The refs of one content may come in several records, one after the other. */
  #add({ attachmentId, refs }: AttachmentContentRecord): void {
    this.report.refCount += refs.length
    if (attachmentId === this.#last) return
    this.#last = attachmentId
    this.report.contentCount++
    this.#byteLength += refs[0]?.byteLength ?? 0
    this.#onProgress?.({ count: this.report.contentCount, byteLength: this.#byteLength })
  }
}
