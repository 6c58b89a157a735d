import {
  AttachmentClosedError,
  type AttachmentContentRecord,
  type AttachmentManifestEntry,
  type AttachmentManifestRecord,
  type AttachmentSignalOptions,
} from '@lash/attachments-core'
import {
  type ImportBatch,
  ImportBatches,
  type ImportedTombstone,
  repeatedRecordError,
  usedManifestError,
} from '@lash/attachments-core/backend'
import { entryOf, type Line, type Notebook, type Page } from './notebook.ts'

/** The part of a plain manifest that moves what it knows, with one method for each rule. */
export class PlainMoves {
  readonly notebook: Notebook
  #closed = false

  constructor(notebook: Notebook) {
    this.notebook = notebook
  }

  async *exportContents({
    signal,
  }: AttachmentSignalOptions = {}): AsyncGenerator<AttachmentManifestRecord, void, void> {
    const check = () => {
      this.assertOpen()
      signal?.throwIfAborted()
    }
    check()
    yield { floor: this.notebook.floor }
    check()
    for (const page of this.notebook.pages.values()) {
      yield this.recordOf(page)
      check()
    }
  }

  async importContents(
    records: AsyncIterable<AttachmentManifestRecord>,
    { signal = new AbortController().signal }: AttachmentSignalOptions = {},
  ): Promise<void> {
    this.assertOpen()
    signal.throwIfAborted()
    if (this.isUsed()) throw usedManifestError('plain')
    const batches = new ImportBatches(records, signal)
    try {
      await this.takeOver(batches)
    } catch (error) {
      throw batches.failure === undefined ? error : batches.failure.error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  protected assertOpen(): void {
    if (this.#closed) throw new AttachmentClosedError('the plain manifest')
  }

  // The rules.

  protected raiseFloor(generation: number): void {
    this.notebook.floor = Math.max(this.notebook.floor, generation)
  }

  protected recordOf({ id, generation, claim, claimedAt, settledAt = 0 }: Page): AttachmentContentRecord {
    const record = { attachmentId: id, generation, refs: this.notebook.linesOf(id).map(entryOf) }
    if (record.refs.length > 0) return record
    return claim === undefined ? { ...record, emptiedAtEpochMs: settledAt } : { ...record, claimedAtEpochMs: claimedAt }
  }

  /** Nothing is taken over before all is there. By then, somebody may have used the manifest. */
  protected async takeOver(batches: AsyncIterable<ImportBatch>): Promise<void> {
    const all: ImportBatch[] = []
    for await (const batch of batches) all.push(batch)
    if (this.isUsed()) throw usedManifestError('plain')
    const undo = this.markImport()
    try {
      for (const batch of all) this.restore(batch)
    } catch (error) {
      undo()
      throw error
    }
  }

  protected isUsed(): boolean {
    return this.notebook.pages.size > 0 || this.notebook.floor > 0
  }

  /** Returns the function that undoes what an import has taken over by then. */
  protected markImport(): () => void {
    const undo = this.notebook.mark()
    return () => {
      undo()
      this.notebook.floor = 0
    }
  }

  protected restore({ floor, tombstones, refs }: ImportBatch): void {
    this.raiseFloor(floor)
    for (const tombstone of tombstones) this.restoreTombstone(tombstone)
    for (const ref of refs) this.restoreLine(ref)
  }

  protected restoreTombstone({ id, generation, emptiedAt }: ImportedTombstone): void {
    if (this.notebook.pages.has(id)) throw repeatedRecordError()
    this.notebook.page(id, generation).settledAt = emptiedAt
  }

  protected restoreLine(ref: AttachmentManifestEntry): void {
    const page = this.notebook.page(ref.attachmentId, ref.generation)
    const lines = this.notebook.linesOf(page.id)
    const isTombstone = page.settledAt !== undefined
    const isRepeated = lines.some(({ sessionId, holder }) => sessionId === ref.sessionId && holder === ref.holder)
    if (isTombstone || isRepeated || page.generation !== ref.generation) throw repeatedRecordError()
    this.notebook.lines.push(lineOf(ref))
  }
}

export function lineOf({ committedAtEpochMs, releasedAtEpochMs, byteLength, ...ref }: AttachmentManifestEntry): Line {
  return { ...ref, byteLength: byteLength as number, committedAt: committedAtEpochMs, releasedAt: releasedAtEpochMs }
}
