import { resolve, sep } from 'node:path'

/** Where things are below a root. Paths are joined as strings: `path.join` is too slow for what every call needs. */
export class Layout {
  /** Absolute. */
  readonly root: string
  /** `root/sha256`: holds a folder, a shard, for each first two digits of an id. */
  readonly shards: string
  /** `root/tmp`: holds a folder for each writer, `removing` and its reserve. No store reads bytes from it. */
  readonly staging: string
  /** `root/tmp/removing`: the marks of removals under way; see removal-mark.ts. Exists only during removals. */
  readonly removing: string
  /** `root/tmp/removing-reserve`: an empty folder, renamed to `removing` when the disk has no room for a new one. */
  readonly reserve: string

  constructor(root: string) {
    this.root = resolve(root)
    const base = this.root.endsWith(sep) ? this.root : this.root + sep
    this.shards = `${base}sha256`
    this.staging = `${base}tmp`
    this.removing = `${this.staging}${sep}removing`
    this.reserve = `${this.removing}-reserve`
  }

  shardFolder(shard: string): string {
    return this.shards + sep + shard
  }

  /** @param name the physical name: `<id>` or `<id>.<generation>`. */
  bytesPath(name: string): string {
    return this.shards + sep + shardOf(name) + sep + name
  }

  sidecarPath(name: string): string {
    return `${this.bytesPath(name)}.json`
  }
}

/** The folder below `sha256` that a physical name belongs in: its first two digits. */
export function shardOf(name: string): string {
  return name.slice(0, 2)
}
