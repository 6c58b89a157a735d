import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { RedisAttachmentManifest } from '@lash/attachments-redis'
import { FaultProxy, freePort } from '@lash/attachments-testing/postgres'
import { startPrivateRedis } from '@lash/attachments-testing/redis'
import { createClient } from '@redis/client'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { closing, expectNoPassword, failureOf, freshPrefix, idOf, intentOf, noServer, proxiedPrefix } from './server.ts'

describe.skipIf(noServer !== undefined)('the connection', () => {
  test('a server that nobody has started: every call fails, says where it should be, and close resolves', async () => {
    const url = `redis://me:secret@127.0.0.1:${await freePort()}`
    const manifest = new RedisAttachmentManifest(url)
    for (const call of [manifest.recordIntent(intentOf('a', 's')), manifest.lookup('s', idOf('a'))]) {
      const { message } = await failureOf(call, url)
      expect(message).toContain(`cannot reach Redis at ${new URL(url).host}`)
      expect(message).toContain('ECONNREFUSED')
    }
    await manifest.close()
  })

  test('a wrong password is told without the password', async () => {
    const { url: right, prefix } = await freshPrefix()
    const url = right.replace(/:[^:@]+@/, ':not-the-password@')
    const manifest = closing(new RedisAttachmentManifest({ url, prefix }))
    const { message } = await failureOf(manifest.lookup('session', idOf('a')), url)
    expect(message).toContain('WRONGPASS')
  })

  test('a broken connection fails what is in flight, and the next call connects anew', async () => {
    const { url, prefix, proxy } = await proxiedPrefix()
    const manifest = closing(new RedisAttachmentManifest({ url, prefix }))
    await manifest.recordIntent(intentOf('a', 'session'))
    const release = proxy.stall()
    const failure = failureOf(manifest.lookup('session', idOf('a')), url)
    const restore = proxy.disconnect()
    release()
    await failure
    await failureOf(manifest.lookup('session', idOf('a')), url)
    restore()
    expect(await manifest.lookup('session', idOf('a'))).toBeDefined()
  })

  test('a commit that is cut anywhere on its way is done or not, and may be repeated', async () => {
    const { url, prefix, proxy } = await proxiedPrefix()
    const manifest = closing(new RedisAttachmentManifest({ url, prefix }))
    const names = Array.from({ length: 8 }, (_, index) => `of ${index}`)
    for (const name of names) await manifest.recordIntent(intentOf(name, 'session'))
    for (let cut = 100; cut < 10_000; cut *= 2) {
      const restore = proxy.cutAfter(cut)
      const failed = await manifest.commitRefs('session', names.map(idOf)).then(
        () => false,
        error => {
          expectNoPassword(error, url)
          return true
        },
      )
      restore()
      const entries = await Array.fromAsync(manifest.listRefs('session'))
      const committed = entries.filter(({ committedAtEpochMs }) => committedAtEpochMs !== undefined)
      expect([0, names.length]).toContain(committed.length)
      if (!failed) expect(committed).toHaveLength(names.length)
    }
    await manifest.commitRefs('session', names.map(idOf))
  })

  test.each(['before the first call', 'after it'])(
    'a server that does not answer, %s: calls fail in time',
    async when => {
      const { url, prefix, proxy } = await proxiedPrefix()
      const manifest = new RedisAttachmentManifest({ url, prefix, timeoutMs: 200 })
      // However often it takes: a busy machine may need longer than that time for a call.
      if (when === 'after it') await vi.waitFor(() => manifest.recordIntent(intentOf('a', 'session')), 30_000)
      const release = proxy.stall()
      const { message } = await failureOf(manifest.lookup('session', idOf('a')), url)
      expect(message).toContain(`Redis at ${new URL(url).host} has not answered for 200 ms`)
      const pending = failureOf(manifest.lookup('session', idOf('a')), url)
      await Promise.all([manifest.close(), pending])
      release()
      await expect.poll(() => proxy.connections).toBe(0)
    },
  )

  test('close ends the connection', async () => {
    const { url, prefix, proxy } = await proxiedPrefix()
    const manifest = new RedisAttachmentManifest({ url, prefix })
    await manifest.recordIntent(intentOf('a', 'session'))
    expect(proxy.connections).toBe(1)
    await manifest.close()
    await expect.poll(() => proxy.connections).toBe(0)
  })
})

/** A server of this test's own. */
async function privateRedis(settings?: string[]) {
  const server = await startPrivateRedis(settings)
  onTestFinished(() => server.stop())
  return server
}

describe.skipIf(noServer !== undefined)('the server', () => {
  test('is killed again and again: what has resolved is there', async () => {
    const server = await privateRedis()
    const manifest = closing(new RedisAttachmentManifest(server.url))
    const kept: string[] = []
    for (let round = 0; round < 3; round++) {
      let isUp = true
      const writing = (async () => {
        for (let index = 0; isUp; index++) {
          const name = `${round}-${index}`
          try {
            await manifest.recordIntent(intentOf(name, 'session'))
            await manifest.commitRefs('session', [idOf(name)])
            kept.push(idOf(name))
          } catch {
            isUp = false
          }
        }
      })()
      await expect.poll(() => kept.length).toBeGreaterThan(20 * (round + 1))
      await server.restart()
      await writing
    }
    // The server has forgotten our scripts, too.
    const entries = await Array.fromAsync(manifest.listRefs('session'))
    const committed = entries.filter(({ committedAtEpochMs }) => committedAtEpochMs !== undefined)
    const found = new Set(committed.map(({ attachmentId }) => attachmentId))
    expect(kept.filter(id => !found.has(id))).toEqual([])
  })

  test.each<[settings: string[], persistence: 'crash-safe' | 'durable' | undefined, told: RegExp | undefined]>([
    [['appendfsync everysec'], undefined, /is not durable: appendfsync is everysec, not always/],
    [['appendfsync everysec'], 'durable', /is not durable: appendfsync is everysec, not always/],
    [['appendfsync everysec'], 'crash-safe', undefined],
    [['appendonly no'], 'crash-safe', /is not crash-safe: appendonly is not yes/],
    [['maxmemory 100mb', 'maxmemory-policy allkeys-lru'], undefined, /allkeys-lru, which may delete any key/],
    [['maxmemory 100mb', 'maxmemory-policy volatile-lru'], undefined, undefined],
    [['rename-command CONFIG ""'], undefined, /does not tell its settings .*`persistence`/],
    [['rename-command CONFIG ""'], 'durable', undefined],
  ])('with %j is asked whether it is %s', async (settings, persistence, told) => {
    const { url } = await privateRedis(settings)
    const proxy = await FaultProxy.before(url)
    onTestFinished(() => proxy.close())
    const manifest = closing(new RedisAttachmentManifest({ url: proxy.url(url), persistence }))
    const recording = manifest.recordIntent(intentOf('a', 'session'))
    if (told === undefined) {
      expect(await recording).toBe(0)
      return
    }
    const error = await recording.catch(error => error)
    expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
    expect(error.message).toMatch(told)
    await expect.poll(() => proxy.connections).toBe(0)
  })

  test('that is full refuses a write whole, and says so', async () => {
    const { url } = await privateRedis(['maxmemory-policy noeviction'])
    const manifest = closing(new RedisAttachmentManifest(url))
    await manifest.recordIntent(intentOf('a', 'session'))
    const client = await createClient({ url }).connect()
    onTestFinished(() => client.destroy())
    await client.configSet('maxmemory', '1')
    expect((await failureOf(manifest.recordIntent(intentOf('b', 'session')), url)).message).toContain('OOM')
    // The server lets a script go on that makes room first. It is whole or refused.
    await manifest.releaseRefs('session').catch(() => {})
    await client.configSet('maxmemory', '0')
    expect(await manifest.claimOrphans({ olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 10 })).toHaveLength(1)
    expect(await Array.fromAsync(manifest.listRefs('session'))).toEqual([])
  })
})
