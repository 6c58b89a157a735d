import { abortable } from '../calls/abort.ts'
import { LoopYield } from '../calls/loop-yield.ts'
import { type AttachmentId, isAttachmentId } from '../content/id.ts'
import { checkGeneration } from '../content/meta.ts'
import { AttachmentBackendError, AttachmentInvalidArgumentError } from '../errors.ts'
import { checkIntent, checkTime } from './checks.ts'
import type { AttachmentContentRecord, AttachmentManifestEntry, AttachmentManifestRecord } from './manifest.ts'

/** How many refs and tombstones are taken over together. */
const batchRows = 1000

/** Content that has neither refs nor a claim. */
export interface ImportedTombstone {
  readonly id: AttachmentId
  readonly generation: number
  readonly emptiedAt: number
}

/** A part of what a manifest takes over, checked. */
export interface ImportBatch {
  /** The same in every batch. */
  readonly floor: number
  readonly tombstones: readonly ImportedTombstone[]
  readonly refs: readonly AttachmentManifestEntry[]
}

/** The records that a manifest is given, checked and in batches. There is at least one; they can be read once. */
export class ImportBatches implements AsyncIterable<ImportBatch> {
  readonly #records: AsyncIterable<AttachmentManifestRecord>
  readonly #signal: AbortSignal
  readonly #loopYield = new LoopYield()
  #isBegun = false
  /** Why the records could not be read: an error of theirs, and none of the manifest that takes them over. */
  failure: { readonly error: unknown } | undefined

  constructor(records: AsyncIterable<AttachmentManifestRecord>, signal: AbortSignal) {
    this.#records = records
    this.#signal = signal
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ImportBatch, void, void> {
    // What has been read is gone: a transaction that is done again would take over the rest, and call it all.
    if (this.#isBegun) throw new AttachmentBackendError('the import was interrupted, and changed nothing; repeat it')
    this.#isBegun = true
    const records = this.#read()
    try {
      const floor = checkFloor((await records.next()).value)
      let batch: OpenBatch = { floor, tombstones: [], refs: [] }
      for (;;) {
        const { done, value } = await records.next()
        if (done) break
        add(batch, value)
        if (batch.tombstones.length + batch.refs.length < batchRows) continue
        yield batch
        await this.#loopYield.beforeStep()
        batch = { floor, tombstones: [], refs: [] }
      }
      yield batch
    } finally {
      await records.return(undefined)
    }
  }

  async *#read(): AsyncGenerator<AttachmentManifestRecord, undefined, void> {
    const records = iteratorOf(this.#records)
    try {
      for (;;) {
        const { done, value } = await abortable(records.next(), this.#signal)
        if (done) return
        yield value
      }
    } catch (error) {
      this.failure = { error }
      throw error
    } finally {
      // Not awaited: a source that does not answer would keep whoever has aborted.
      records.return?.().catch(() => {})
    }
  }
}

interface OpenBatch extends ImportBatch {
  readonly tombstones: ImportedTombstone[]
  readonly refs: AttachmentManifestEntry[]
}

function iteratorOf(records: AsyncIterable<AttachmentManifestRecord>): AsyncIterator<AttachmentManifestRecord> {
  const iterate = (records as Partial<typeof records> | null)?.[Symbol.asyncIterator]
  if (typeof iterate === 'function') return iterate.call(records)
  throw new AttachmentInvalidArgumentError('the records must be an async iterable, such as exportContents gives')
}

function checkFloor(record: unknown): number {
  const floor = (record as { floor?: unknown } | undefined)?.floor
  if (floor !== undefined) return checkGeneration(floor)
  throw new AttachmentInvalidArgumentError('the first record must be the floor, as exportContents gives it')
}

function add(batch: OpenBatch, record: AttachmentManifestRecord): void {
  const content = checkContent(record)
  for (const ref of content.refs) batch.refs.push(checkRef(ref, content))
  if (content.refs.length === 0) batch.tombstones.push(tombstoneOf(content))
}

function checkContent(record: AttachmentManifestRecord): AttachmentContentRecord {
  const content = record as AttachmentContentRecord | null
  if (content === null || !isAttachmentId(content.attachmentId) || !Array.isArray(content.refs)) {
    throw new AttachmentInvalidArgumentError('every record but the first must be that of a content, with its refs')
  }
  checkGeneration(content.generation)
  const states = [content.claimedAtEpochMs, content.emptiedAtEpochMs].filter(time => time !== undefined)
  if (states.length === (content.refs.length === 0 ? 1 : 0)) return content
  throw new AttachmentInvalidArgumentError(
    `the record of ${content.attachmentId} must say one of these: refs, claimedAtEpochMs, emptiedAtEpochMs`,
  )
}

/**
 * A claim does not move: whoever had it may still be about to delete its copy. The next generation is one that no
 * deleter over there can mean.
 */
function tombstoneOf({ attachmentId: id, generation, ...since }: AttachmentContentRecord): ImportedTombstone {
  const { claimedAtEpochMs, emptiedAtEpochMs } = since
  if (claimedAtEpochMs === undefined)
    return { id, generation, emptiedAt: checkTime('emptiedAtEpochMs', emptiedAtEpochMs) }
  return { id, generation: generation + 1, emptiedAt: checkTime('claimedAtEpochMs', claimedAtEpochMs) }
}

/** A copy of the ref with only the known fields. Absent ones stay absent. */
function checkRef(ref: AttachmentManifestEntry, content: AttachmentContentRecord): AttachmentManifestEntry {
  const { byteLength, committedAtEpochMs, releasedAtEpochMs } = ref
  const { byteLength: length, ...checked } = checkIntent({ ...ref, byteLength: byteLength ?? 0 })
  if (checked.attachmentId !== content.attachmentId || ref.generation !== content.generation) {
    throw new AttachmentInvalidArgumentError(`a ref in the record of ${content.attachmentId} is not at its generation`)
  }
  const entry: AttachmentManifestEntry = { ...checked, generation: content.generation }
  if (byteLength !== undefined) entry.byteLength = length
  if (committedAtEpochMs !== undefined) entry.committedAtEpochMs = checkTime('committedAtEpochMs', committedAtEpochMs)
  if (releasedAtEpochMs !== undefined) entry.releasedAtEpochMs = checkTime('releasedAtEpochMs', releasedAtEpochMs)
  return entry
}

/** For a backend whose manifest knows something already. */
export function usedManifestError(name: string): AttachmentInvalidArgumentError {
  return new AttachmentInvalidArgumentError(
    `the ${name} manifest has been used, and takes over only what fills a new one: import into an empty place`,
  )
}

/** For a backend that is given content, or a ref, that it was given before. */
export function repeatedRecordError(): AttachmentInvalidArgumentError {
  return new AttachmentInvalidArgumentError(
    'the records name a content or a ref twice: the manifest was in use while it was exported; ' +
      'let sessions and sweeps end, and export again',
  )
}
