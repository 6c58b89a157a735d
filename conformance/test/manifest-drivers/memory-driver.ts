import type {
  AttachmentManifestChanges,
  AttachmentManifestDriver,
  AttachmentManifestRange,
} from '@lash/attachments-core/backend'
import { SortedKeys } from './sorted-keys.ts'

/** What drivers of one process share. */
export class SharedMap {
  readonly values = new Map<string, string>()
  readonly keys = new SortedKeys()

  set(key: string, value: string | undefined): void {
    const wasThere = this.values.has(key)
    if (value !== undefined) {
      this.values.set(key, value)
      if (!wasThere) this.keys.add(key)
    } else if (wasThere) {
      this.values.delete(key)
      this.keys.delete(key)
    }
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
    const entries: [string, string][] = []
    for (const key of this.map.keys.between(start, end)) {
      entries.push([key, this.map.values.get(key) as string])
      if (entries.length === limit) break
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
