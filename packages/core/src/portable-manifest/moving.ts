import { AttachmentBackendError } from '../errors.ts'
import { recordsOf } from '../manifest/exports.ts'
import { type ImportBatch, repeatedRecordError, usedManifestError } from '../manifest/imports.ts'
import type { AttachmentContentRecord } from '../manifest/manifest.ts'
import type { RecordPages } from '../manifest/manifest-base.ts'
import { addRefUnfenced, setContent } from './changes.ts'
import type { AttachmentManifestDriver } from './driver.ts'
import { contentKey, everyKey, floorKey, idOfContent, idOfRef, layoutKey, refKey, startingWith } from './keys.ts'
import { type ContentRow, entryOfRef, isTombstone, type RefRow, refOfEntry, rowIn } from './rows.ts'
import { pageSize, pagesOf } from './scanning.ts'
import { importingLayout, isImporting, layoutVersion } from './view.ts'

/** The most writes of one step where the driver has no limit. */
const writesAtOnce = 4000

type Changes = Map<string, string | undefined>

/** Everything that the map knows. */
export async function* exportPages(driver: AttachmentManifestDriver): RecordPages {
  const [floor] = await driver.get([floorKey])
  yield [{ floor: Number(floor ?? 0) }]
  for await (const page of pagesOf(driver, startingWith('r/'))) {
    yield recordsOf(page.map(([key, value]) => entryOfRef(idOfRef(key), rowIn<RefRow>(value))))
  }
  for await (const page of pagesOf(driver, startingWith('c/'))) {
    yield page.flatMap(([key, value]) => unreferenced(key, rowIn<ContentRow>(value)))
  }
}

function unreferenced(key: string, row: ContentRow): AttachmentContentRecord[] {
  const { generation, since } = row
  // Content with refs has come with them.
  if (since === undefined) return []
  const record = { attachmentId: idOfContent(key), generation, refs: [] }
  return [isTombstone(row) ? { ...record, emptiedAtEpochMs: since } : { ...record, claimedAtEpochMs: since }]
}

/**
 * Fills an empty map, in steps. Meanwhile the map says so in the place of its layout, which every other step of every
 * process relies on: none of them sees, or changes, a part of what is being moved.
 */
export class Import {
  readonly #driver: AttachmentManifestDriver
  /** Never used twice: an import that has taken over from this one stops it. */
  readonly #mark = importingLayout(crypto.randomUUID())
  readonly #writesAtOnce: number

  constructor(driver: AttachmentManifestDriver) {
    this.#driver = driver
    // Beside them is the one read.
    this.#writesAtOnce = Math.min(writesAtOnce, (driver.maxChanges ?? Number.POSITIVE_INFINITY) - 1)
  }

  async run(batches: AsyncIterable<ImportBatch>): Promise<void> {
    await this.#begin()
    try {
      let floor = 0
      for await (const batch of batches) {
        await this.#add(batch)
        floor = batch.floor
      }
      await this.#end(floor)
    } catch (error) {
      // What cannot be removed now is removed by the next import; until then the map is refused.
      await this.#clear().catch(() => {})
      throw error
    }
  }

  async #begin(): Promise<void> {
    const [layout] = await this.#driver.get([layoutKey])
    if (!isImporting(layout) && !(await this.#isEmpty())) throw usedManifestError(this.#driver.name)
    const changes = { reads: new Map([[layoutKey, layout]]), writes: new Map([[layoutKey, this.#mark]]) }
    if (!(await this.#driver.apply(changes))) throw usedManifestError(this.#driver.name)
    if (isImporting(layout)) await this.#removeAll()
    // Before the mark was there, somebody may have recorded an intent.
    if (await this.#isEmpty()) return
    await this.#apply(new Map([[layoutKey, layoutVersion]]))
    throw usedManifestError(this.#driver.name)
  }

  async #isEmpty(): Promise<boolean> {
    const entries = await this.#driver.scan({ ...everyKey, limit: 2 })
    return entries.every(([key]) => key === layoutKey)
  }

  async #add({ tombstones, refs }: ImportBatch): Promise<void> {
    const writes: Changes = new Map()
    const known = await this.#known([
      ...tombstones.map(({ id }) => contentKey(id)),
      ...refs.flatMap(ref => [contentKey(ref.attachmentId), refKey(ref.attachmentId, ref.sessionId, ref.holder)]),
    ])
    const at = (key: string) => writes.get(key) ?? known.get(key)
    for (const { id, generation, emptiedAt } of tombstones) {
      if (at(contentKey(id)) !== undefined) throw repeatedRecordError()
      setContent(writes, id, undefined, { generation, since: emptiedAt })
    }
    for (const ref of refs) {
      const key = refKey(ref.attachmentId, ref.sessionId, ref.holder)
      const row = rowIn<ContentRow>(at(contentKey(ref.attachmentId))) ?? { generation: ref.generation }
      const fits = row.since === undefined && row.generation === ref.generation
      if (!fits || at(key) !== undefined) throw repeatedRecordError()
      setContent(writes, ref.attachmentId, undefined, { generation: ref.generation })
      addRefUnfenced(writes, key, refOfEntry(ref))
    }
    await this.#apply(writes)
  }

  /** Those of the keys that are there. */
  async #known(keys: readonly string[]): Promise<Changes> {
    const known: Changes = new Map()
    const unique = [...new Set(keys)]
    for (let start = 0; start < unique.length; start += pageSize) {
      const page = unique.slice(start, start + pageSize)
      const values = await this.#driver.get(page)
      for (const [index, key] of page.entries()) known.set(key, values[index])
    }
    return known
  }

  /** The last step, and the only one that others see. */
  async #end(floor: number): Promise<void> {
    const writes: Changes = new Map([[layoutKey, layoutVersion]])
    if (floor > 0) writes.set(floorKey, String(floor))
    await this.#apply(writes)
  }

  /** Leaves the map as it was, empty. */
  async #clear(): Promise<void> {
    await this.#removeAll()
    await this.#apply(new Map([[layoutKey, undefined]]))
  }

  async #removeAll(): Promise<void> {
    for await (const page of pagesOf(this.#driver, everyKey)) {
      const keys = page.map(([key]) => key).filter(key => key !== layoutKey)
      await this.#apply(new Map(keys.map(key => [key, undefined])))
    }
  }

  /** In several steps, if there is much to write: nobody looks at it before the end. */
  async #apply(writes: Changes): Promise<void> {
    const all = [...writes]
    for (let start = 0; start < all.length; start += this.#writesAtOnce) {
      const reads = new Map([[layoutKey, this.#mark]])
      const some = new Map(all.slice(start, start + this.#writesAtOnce))
      if (!(await this.#driver.apply({ reads, writes: some }))) {
        throw new AttachmentBackendError(
          `another import into the ${this.#driver.name} manifest has taken over from this one, which changed nothing`,
        )
      }
    }
  }
}
