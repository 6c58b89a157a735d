import {
  type AttachmentManifestChanges,
  type AttachmentManifestDriver,
  type AttachmentManifestOptions,
  type AttachmentManifestRange,
  PortableAttachmentManifest,
} from '@lash/attachments-core/backend'
import { connect, type MyBackendConnection, type MyBackendOptions } from './connection.ts'

export type MyBackendAttachmentManifestOptions = MyBackendOptions & AttachmentManifestOptions

export class MyBackendAttachmentManifest extends PortableAttachmentManifest {
  constructor(options: MyBackendAttachmentManifestOptions) {
    super(new MyBackendManifestDriver(options), options)
  }
}

/** An ordered map of text. The comments of `AttachmentManifestDriver` are the contract. */
export class MyBackendManifestDriver implements AttachmentManifestDriver {
  readonly specificationVersion = 1
  readonly name = 'my-backend'
  /** `durable` if what was applied survives a power cut, too; `ephemeral` if it is gone with the process. */
  readonly persistence = 'crash-safe'
  readonly #connection: MyBackendConnection

  constructor(options: MyBackendOptions) {
    this.#connection = connect(options)
  }

  async get(keys: readonly string[]): Promise<(string | undefined)[]> {
    throw new Error(
      'get() in src/manifest.ts is not written yet: give the value of each key, in their order; undefined where there is none',
    )
  }

  async scan({ start, end, limit }: AttachmentManifestRange): Promise<[key: string, value: string][]> {
    throw new Error(
      'scan() in src/manifest.ts is not written yet: give the first `limit` entries from start on and before end, in the ' +
        'order of their keys, compared as ASCII',
    )
  }

  async apply({ reads, writes }: AttachmentManifestChanges): Promise<boolean> {
    throw new Error(
      'apply() in src/manifest.ts is not written yet: in one step, compare all of reads with what is there now, where ' +
        'undefined is no value; when one differs, change nothing and give false; else make all writes, where undefined ' +
        'deletes, and give true',
    )
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }
}
