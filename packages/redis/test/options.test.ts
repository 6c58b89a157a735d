import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { RedisAttachmentManifest } from '@lash/attachments-redis'
import { createClient, createClientPool, createCluster, createSentinel } from '@redis/client'
import { describe, expect, test } from 'vitest'
import { closing, freshPrefix, idOf, intentOf, noServer } from './server.ts'

const url = 'redis://127.0.0.1'

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['no target', {}],
  ['two targets', { url, client: createClient() }],
  ['an empty url', ''],
  ['a url that is none', 'redis://user:secret@:not-a-port'],
  ['a url of another server', 'https://user:secret@redis.example'],
  ['a database that is no number', `${url}/first`],
  ['a client of another library', { client: { get: () => {} } }],
  ['null for a client', { client: null }],
  ['an empty prefix', { url, prefix: '' }],
  ['a prefix with braces, which would make another slot of a cluster', { url, prefix: '{a}' }],
  ['a prefix of 201 characters', { url, prefix: 'a'.repeat(201) }],
  ['a prefix that is no text', { url, prefix: 7 }],
  ['an unknown persistence', { url, persistence: 'forever' }],
  ['no time at all', { url, timeoutMs: 0 }],
  ['a time that is no number', { url, timeoutMs: Number.NaN }],
  ['a time that no timer can have', { url, timeoutMs: 2 ** 31 }],
  ['a negative retention', { url, tombstoneRetentionMs: -1 }],
])('%s is refused, without a word of what a url says', (_what, target) => {
  let error: unknown
  try {
    new RedisAttachmentManifest(target as never)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
  expect((error as Error).stack).not.toContain('secret')
  expect((error as Error).cause).toBeUndefined()
})

describe.skipIf(noServer !== undefined)('where the server is', () => {
  test('can be said by a url, by options, and by both', async () => {
    const { url, prefix } = await freshPrefix()
    await closing(new RedisAttachmentManifest({ url, prefix })).recordIntent(intentOf('a', 'session'))
    const other = closing(new RedisAttachmentManifest(url, { prefix }))
    expect(await other.lookup('session', idOf('a'))).toBeDefined()
  })

  test('prefixes are apart', async () => {
    const [one, two] = [await freshPrefix(), await freshPrefix()]
    await closing(new RedisAttachmentManifest(one)).recordIntent(intentOf('a', 'session'))
    expect(await closing(new RedisAttachmentManifest(two)).lookup('session', idOf('a'))).toBeUndefined()
  })
})

describe.skipIf(noServer !== undefined)('a client of the host', () => {
  test('is used as it is, with buffers for texts and a prefix of its own, and stays open', async () => {
    const { url, prefix } = await freshPrefix()
    // Types 36 and 43 of the protocol are the texts.
    const commandOptions = { typeMapping: { 36: Buffer, 43: Buffer } } as const
    const client = await createClient({ url, commandOptions }).connect()
    const manifest = new RedisAttachmentManifest({ client, prefix })
    await manifest.recordIntent(intentOf('a', 'session'))
    await manifest.commitRefs('session', [idOf('a')])
    expect((await manifest.lookup('session', idOf('a')))?.committedAtEpochMs).toBeDefined()
    await manifest.close()
    expect(await client.ping()).toBeDefined()
    client.destroy()
  })

  test('may be a pool', async () => {
    const { url, prefix } = await freshPrefix()
    const pool = createClientPool({ url })
    await pool.connect()
    const manifest = new RedisAttachmentManifest({ client: pool, prefix })
    await Promise.all(['a', 'b', 'c'].map(name => manifest.recordIntent(intentOf(name, 'session'))))
    expect(await Array.fromAsync(manifest.listRefs('session'))).toHaveLength(3)
    await manifest.close()
    pool.destroy()
  })

  test('may be of a cluster or of sentinels: both keys are in one slot, and the types agree', () => {
    const cluster = createCluster({ rootNodes: [{ url }] })
    const sentinel = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 26_379 }] })
    for (const client of [cluster, sentinel]) {
      expect(new RedisAttachmentManifest({ client })).toBeInstanceOf(RedisAttachmentManifest)
    }
  })
})
