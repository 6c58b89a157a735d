import { randomBytes } from 'node:crypto'
import { createClient, type RedisClientType } from '@redis/client'
import { FaultProxy } from '../postgres/fault-proxy.ts'

/** The server that the tests use; `startServices` tells where it is. */
export function redisUrl(): string {
  const url = process.env.LASH_TEST_REDIS_URL
  if (!url) throw new Error('LASH_TEST_REDIS_URL is not set: run the tests with their global setup')
  return url
}

/** What a harness shares: a client of its own, and a proxy before the server. Made when first needed. */
export class RedisGround {
  #made: Promise<Ground> | undefined

  /** A prefix that nobody else uses. */
  async freshPrefix(): Promise<FreshPrefix> {
    this.#made ??= makeGround()
    const { client, proxy, url } = await this.#made
    const prefix = `test-${randomBytes(8).toString('hex')}`
    return {
      prefix,
      url,
      proxy,
      drop: async () => void (await client.unlink([`{${prefix}}:values`, `{${prefix}}:keys`])),
    }
  }

  async cleanup(): Promise<void> {
    if (this.#made === undefined) return
    const { client, proxy } = await this.#made
    client.destroy()
    await proxy.close()
  }
}

export interface FreshPrefix {
  readonly prefix: string
  /** Through the proxy. */
  readonly url: string
  readonly proxy: FaultProxy
  /** Deletes what is below the prefix. */
  drop(): Promise<void>
}

interface Ground {
  client: RedisClientType
  proxy: FaultProxy
  url: string
}

async function makeGround(): Promise<Ground> {
  const url = redisUrl()
  const client = createClient({ url }).on('error', () => {})
  await client.connect()
  const proxy = await FaultProxy.before(url)
  return { client, proxy, url: proxy.url(url) }
}
