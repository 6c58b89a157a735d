import { randomBytes } from 'node:crypto'
import { createClient, type RedisClientType } from '@redis/client'

/** The server that the tests use; `startServices` tells where it is. */
export function redisUrl(): string {
  const url = process.env.LASH_TEST_REDIS_URL
  if (!url) throw new Error('LASH_TEST_REDIS_URL is not set: run the tests with their global setup')
  return url
}

export interface FreshPrefix {
  readonly prefix: string
  readonly url: string
  /** Deletes what is below the prefix. */
  drop(): Promise<void>
}

/** Prefixes that nobody else uses, on the server of the tests. Its client is made when it is first needed. */
export class RedisGround {
  #made: Promise<RedisClientType> | undefined

  async freshPrefix(): Promise<FreshPrefix> {
    const url = redisUrl()
    this.#made ??= createClient({ url })
      .on('error', () => {})
      .connect()
    const client = await this.#made
    const prefix = `test-${randomBytes(8).toString('hex')}`
    return {
      prefix,
      url,
      drop: async () => void (await client.unlink([`{${prefix}}:values`, `{${prefix}}:keys`])),
    }
  }

  async cleanup(): Promise<void> {
    const client = await this.#made
    client?.destroy()
  }
}
