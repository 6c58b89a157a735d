import type { DatabaseSync } from 'node:sqlite'
import {
  type AttachmentManifestChanges,
  type AttachmentManifestDriver,
  type AttachmentManifestOptions,
  type AttachmentManifestRange,
  PortableAttachmentManifest,
} from '@lash/attachments-core/backend'
import { connect, inTransaction, type OneFileOptions } from './connection.ts'

export type OneFileAttachmentManifestOptions = OneFileOptions & AttachmentManifestOptions

/** Who holds what, in a table of one file. */
export class OneFileAttachmentManifest extends PortableAttachmentManifest {
  constructor(options: OneFileAttachmentManifestOptions) {
    super(new OneFileManifestDriver(options), options)
  }
}

interface Entry {
  key: string
  value: string
}

/** An ordered map of text: each entry is one row. */
export class OneFileManifestDriver implements AttachmentManifestDriver {
  readonly specificationVersion = 1
  readonly name = 'one-file'
  readonly persistence = 'durable'
  readonly #database: DatabaseSync

  constructor(options: OneFileOptions) {
    this.#database = connect(options)
  }

  async get(keys: readonly string[]): Promise<(string | undefined)[]> {
    return this.#values(keys)
  }

  #values(keys: readonly string[]): (string | undefined)[] {
    const statement = this.#database.prepare('SELECT value FROM entries WHERE key = ?')
    return keys.map(key => (statement.get(key) as Entry | undefined)?.value)
  }

  // SQLite compares text byte by byte, which is the order that the contract asks for.
  async scan({
    start,
    end,
    limit,
  }: AttachmentManifestRange): Promise<[key: string, value: string][]> {
    const statement = this.#database.prepare(
      'SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
    )
    return (statement.all(start, end, limit) as unknown as Entry[]).map(({ key, value }) => [
      key,
      value,
    ])
  }

  // Nobody writes between the comparison and the writes: that is all there is to it.
  async apply({ reads, writes }: AttachmentManifestChanges): Promise<boolean> {
    return inTransaction(this.#database, () => {
      const seen = [...reads.values()]
      if (this.#values([...reads.keys()]).some((value, index) => value !== seen[index]))
        return false
      const set = this.#database.prepare('REPLACE INTO entries (key, value) VALUES (?, ?)')
      const remove = this.#database.prepare('DELETE FROM entries WHERE key = ?')
      for (const [key, value] of writes) {
        if (value === undefined) remove.run(key)
        else set.run(key, value)
      }
      return true
    })
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}
