import type { AttachmentStorePersistence } from '@lash/attachments-core'
import type {
  AttachmentManifestChanges,
  AttachmentManifestDriver,
  AttachmentManifestRange,
} from '@lash/attachments-core/backend'
import { RedisConnection } from '../server/connection.ts'
import { checkServerOptions, type RedisServerOptions } from '../server/options.ts'
import { applyScript, type Script, scanScript } from './scripts.ts'

/**
 * What `RedisAttachmentManifest` is made of.
 *
 * Values are in a hash, and the order of their keys in a sorted set whose scores are all the same. The names of both
 * have the prefix in braces: on a cluster, keys with the same such part are on the same node.
 */
export class RedisManifestDriver implements AttachmentManifestDriver {
  readonly specificationVersion = 1
  readonly name = 'redis'
  readonly persistence: AttachmentStorePersistence
  /** A command may have about a million arguments; and while a script runs, nobody else is served. */
  readonly maxChanges = 300_000
  readonly #connection: RedisConnection
  readonly #values: string
  readonly #keys: string

  /** @throws AttachmentInvalidArgumentError */
  constructor(options: RedisServerOptions) {
    const checked = checkServerOptions(options)
    this.persistence = checked.persistence ?? 'durable'
    this.#connection = new RedisConnection(checked)
    this.#values = `{${checked.prefix}}:values`
    this.#keys = `{${checked.prefix}}:keys`
  }

  async get(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return []
    const values = await this.#connection.run(commands => commands.hmGet(this.#values, [...keys]))
    return values.map(value => value ?? undefined)
  }

  async scan({ start, end, limit }: AttachmentManifestRange): Promise<[key: string, value: string][]> {
    const flat = (await this.#run(scanScript, [start, end, String(limit)])) as string[]
    return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] as string, flat[2 * at + 1] as string])
  }

  async apply({ reads, writes }: AttachmentManifestChanges): Promise<boolean> {
    const given = [String(reads.size)]
    for (const entries of [reads, writes]) {
      for (const [key, value] of entries) given.push(key, value === undefined ? '0' : '1', value ?? '')
    }
    return (await this.#run(applyScript, given)) === 1
  }

  /** By its hash, and with its text where the server has not seen it since it was started. */
  #run({ sha1, text }: Script, given: string[]): Promise<unknown> {
    const all = { keys: [this.#values, this.#keys], arguments: given }
    return this.#connection.run(commands =>
      commands.evalSha(sha1, all).catch(error => {
        if (!String(error).includes('NOSCRIPT')) throw error
        return commands.eval(text, all)
      }),
    )
  }

  async close(): Promise<void> {
    this.#connection.close()
  }
}
