import type {
  AttachmentManifestChanges,
  AttachmentManifestDriver,
  AttachmentManifestRange,
} from '@lash/attachments-core/backend'

/** What drivers of one process share: values, and their keys in order. */
export class SharedMap {
  readonly values = new Map<string, string>()
  readonly keys: string[] = []

  set(key: string, value: string | undefined): void {
    const wasThere = this.values.has(key)
    if (value === undefined) this.values.delete(key)
    else this.values.set(key, value)
    if (wasThere && value === undefined) this.keys.splice(this.placeOf(key), 1)
    if (!wasThere && value !== undefined) this.keys.splice(this.placeOf(key), 0, key)
  }

  /** Where the first key at or after the given one is. */
  placeOf(key: string): number {
    let [low, high] = [0, this.keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.keys[middle] as string) < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The smallest right driver. Each call is one synchronous block, and so atomic. */
export class MemoryManifestDriver implements AttachmentManifestDriver {
  readonly specificationVersion = 1
  readonly name: string = 'portable memory'
  readonly persistence = 'ephemeral'
  readonly maxChanges?: number
  protected readonly map: SharedMap

  constructor(map: SharedMap = new SharedMap(), maxChanges?: number) {
    this.map = map
    if (maxChanges !== undefined) this.maxChanges = maxChanges
  }

  async get(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map(key => this.map.values.get(key))
  }

  async scan({ start, end, limit }: AttachmentManifestRange): Promise<[key: string, value: string][]> {
    const { keys, values } = this.map
    const entries: [string, string][] = []
    for (let at = this.map.placeOf(start); at < keys.length && entries.length < limit; at++) {
      const key = keys[at] as string
      if (key >= end) break
      entries.push([key, values.get(key) as string])
    }
    return entries
  }

  async apply({ reads, writes }: AttachmentManifestChanges): Promise<boolean> {
    for (const [key, value] of reads) if (this.map.values.get(key) !== value) return false
    for (const [key, value] of writes) this.map.set(key, value)
    return true
  }

  async close(): Promise<void> {}
}
