import type {
  AttachmentManifestChanges,
  AttachmentManifestDriver,
  AttachmentManifestRange,
} from '@lash/attachments-core/backend'

/** A small map in this process, with one call at a time: every driver must do as this one does. */
export class PlainMap implements AttachmentManifestDriver {
  readonly specificationVersion = 1
  readonly name = 'plain'
  readonly persistence = 'ephemeral'
  readonly entries: Map<string, string>

  constructor(entries: Iterable<readonly [string, string]> = []) {
    this.entries = new Map(entries)
  }

  async get(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map(key => this.entries.get(key))
  }

  async scan({ start, end, limit }: AttachmentManifestRange): Promise<[key: string, value: string][]> {
    const wanted = [...this.entries].filter(([key]) => key >= start && key < end)
    return wanted.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit)
  }

  async apply({ reads, writes }: AttachmentManifestChanges): Promise<boolean> {
    for (const [key, value] of reads) if (this.entries.get(key) !== value) return false
    for (const [key, value] of writes) {
      if (value === undefined) this.entries.delete(key)
      else this.entries.set(key, value)
    }
    return true
  }

  async close(): Promise<void> {}
}
