import { concurrently } from '../calls/concurrently.ts'
import { AttachmentSchemaError } from '../errors.ts'
import type { AttachmentManifestChanges, AttachmentManifestDriver } from './driver.ts'
import { type KeyRange, layoutKey } from './keys.ts'
import { entriesOf, pageSize } from './scanning.ts'

/** The version of the layout in `keys.ts` and `rows.ts`. Every change relies on it, so no other layout is changed. */
export const layoutVersion = '1'
const importing = 'importing '
/** How many calls of the driver one step has in flight. */
const callsAtOnce = 16

/** The layout of a map while one import is filling it. No step but those of that import is done. */
export function importingLayout(token: string): string {
  return importing + token
}

export function isImporting(layout: string | undefined): boolean {
  return layout?.startsWith(importing) === true
}

/**
 * What one step sees of the map and what it makes of it. What it sees may never have stood there together: `apply`
 * finds out, and the step is done again. So a step must not throw for what it sees.
 */
export class View implements AttachmentManifestChanges {
  /** What the step relies on: what it got, and not all that it looked at. */
  readonly reads: Map<string, string | undefined> = new Map()
  readonly writes: Map<string, string | undefined> = new Map()
  readonly #seen = new Map<string, string | undefined>()
  readonly #driver: AttachmentManifestDriver

  constructor(driver: AttachmentManifestDriver) {
    this.#driver = driver
  }

  /**
   * Looks at the keys, so that `get` and `peek` know them.
   * @throws AttachmentSchemaError when the map has another layout.
   */
  async look(keys: readonly string[]): Promise<void> {
    const unseen = [...new Set([layoutKey, ...keys])].filter(key => !this.#seen.has(key))
    const parts = Array.from({ length: Math.ceil(unseen.length / pageSize) }, (_, part) =>
      unseen.slice(part * pageSize, (part + 1) * pageSize),
    )
    await concurrently(parts, callsAtOnce, async part => {
      const values = await this.#driver.get(part)
      for (const [index, key] of part.entries()) this.#seen.set(key, values[index])
    })
    this.#checkLayout()
  }

  #checkLayout(): void {
    const layout = this.get(layoutKey) ?? layoutVersion
    if (layout === layoutVersion) return
    if (isImporting(layout)) {
      throw new AttachmentSchemaError(
        `the ${this.#driver.name} manifest is being filled by importContents, or was when that was cut off: ` +
          'wait for its end, or import again',
      )
    }
    throw new AttachmentSchemaError(
      `the ${this.#driver.name} manifest has the layout ${JSON.stringify(layout)}, and this version knows ` +
        `${layoutVersion} only; use the version of @lash/attachments-core that wrote it, or another place`,
    )
  }

  /** Looks at all keys in each range, and returns them. One that is added meanwhile may be missing: see the fences. */
  async lookInto(ranges: readonly KeyRange[]): Promise<string[][]> {
    return concurrently(ranges, callsAtOnce, async range => {
      const entries = await entriesOf(this.#driver, range)
      for (const [key, value] of entries) if (!this.#seen.has(key)) this.#seen.set(key, value)
      return entries.map(([key]) => key)
    })
  }

  /** The value of a key that was looked at, or that this step has written. */
  get(key: string): string | undefined {
    if (!this.reads.has(key)) this.reads.set(key, this.#seen.get(key))
    return this.writes.has(key) ? this.writes.get(key) : this.reads.get(key)
  }

  /** As `get`, when it does not matter that the value may change. */
  peek(key: string): string | undefined {
    return this.writes.has(key) ? this.writes.get(key) : this.#seen.get(key)
  }

  set(key: string, value: string): void {
    this.writes.set(key, value)
  }

  delete(key: string): void {
    this.writes.set(key, undefined)
  }

  /** What `apply` asks of the driver, as its limit counts. */
  get size(): number {
    this.#complete()
    return this.reads.size + this.writes.size
  }

  /** @returns false when something that was relied on does not stand any more; then nothing has changed. */
  async apply(): Promise<boolean> {
    this.#complete()
    // The layout never changes while this version is at work, and one key by itself is always a view.
    if (this.writes.size === 0 && this.reads.size <= 2) return true
    return this.#driver.apply(this)
  }

  #complete(): void {
    for (const [key, value] of this.writes) {
      if (this.reads.has(key) && this.reads.get(key) === value) this.writes.delete(key)
    }
    if (this.writes.size > 0 && this.reads.get(layoutKey) === undefined) this.writes.set(layoutKey, layoutVersion)
  }
}
