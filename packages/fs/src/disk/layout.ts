import { resolve, sep } from 'node:path'

/** Where things are below a root. Strings are joined by hand: these run several times in every call. */
export class Layout {
  /** Absolute. */
  readonly root: string
  /** `root/sha256`: one folder, a shard, for each first two digits of an id. */
  readonly shards: string
  /** `root/tmp`: one folder for each writer, `removing` and its reserve. Nothing in it is ever read back. */
  readonly staging: string
  /** `root/tmp/removing`: marks of removals under way; see removal-mark.ts. There only while something is being removed. */
  readonly removing: string
  /** `root/tmp/removing-reserve`: an empty folder that becomes `removing` when the disk has no room for another. */
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

  /** Of a physical name: `<id>` or `<id>.<generation>`. */
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
