import type {
  AttachmentManifestChanges,
  AttachmentManifestDriver,
  AttachmentManifestRange,
} from '@lash/attachments-core/backend'
import { LmdbEnvironment } from '../environment/environment.ts'
import type { LmdbEnvironmentOptions } from '../environment/options.ts'

/** What `LmdbAttachmentManifest` is made of. */
export class LmdbManifestDriver implements AttachmentManifestDriver {
  readonly specificationVersion = 1
  readonly name = 'lmdb'
  readonly persistence = 'durable'
  readonly #environment: LmdbEnvironment

  /** @throws AttachmentInvalidArgumentError, AttachmentIoError */
  constructor({ path }: LmdbEnvironmentOptions) {
    this.#environment = LmdbEnvironment.hold(path)
  }

  async get(keys: readonly string[]): Promise<(string | undefined)[]> {
    const { refs } = this.#environment
    this.#environment.refresh()
    return keys.map(key => refs.get(key))
  }

  async scan(range: AttachmentManifestRange): Promise<[key: string, value: string][]> {
    const { refs } = this.#environment
    this.#environment.refresh()
    return [...refs.getRange(range)].map(({ key, value }) => [key, value])
  }

  async apply({ reads, writes }: AttachmentManifestChanges): Promise<boolean> {
    const { refs } = this.#environment
    const holds = await this.#environment.write(() => {
      for (const [key, value] of reads) if (refs.get(key) !== value) return false
      for (const [key, value] of writes) {
        if (value === undefined) refs.remove(key)
        else refs.put(key, value)
      }
      return true
    })
    if (holds && writes.size === 0) await this.#environment.sync()
    return holds
  }

  close(): Promise<void> {
    return this.#environment.release()
  }
}
