import { SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { TemporaryFolder } from './temporary-folder.ts'

/**
 * The folder of the databases of one harness. One that nobody uses stays open as long, since the last database of a
 * process ends its writer thread: to start one for each fixture would take half of the time.
 */
export class SqliteFolder extends TemporaryFolder {
  #keeper: Promise<SqliteAttachmentStore> | undefined

  constructor() {
    super('conformance-sqlite')
  }

  override async next(): Promise<string> {
    this.#keeper ??= super.next().then(path => new SqliteAttachmentStore(path))
    await this.#keeper
    return super.next()
  }

  override async remove(): Promise<void> {
    await (await this.#keeper)?.close()
    await super.remove()
  }
}
