import type { ManifestDriverHarness, ManifestHarness } from '@lash/attachments-conformance'
import { RedisAttachmentManifest, RedisManifestDriver } from '@lash/attachments-redis'
import { RedisGround } from '@lash/attachments-testing/redis'
import { SettableClock } from './clock.ts'

export function redisManifestHarness(): ManifestHarness {
  const ground = new RedisGround()
  return {
    kind: 'manifest',
    name: 'redis',
    capabilities: ['clock', 'durable', 'reopen', 'child'],
    lacks: { transaction: 'Redis has no transaction that a host could keep open' },
    async create() {
      const { prefix, url, drop } = await ground.freshPrefix()
      const clock = new SettableClock()
      const manifest = new RedisAttachmentManifest({ url, prefix, now: clock.now })
      return {
        manifest,
        setClock: clock.set,
        reopen: async () => new RedisAttachmentManifest({ url, prefix, now: clock.now }),
        child: { module: new URL('../children/redis-manifest.ts', import.meta.url).href, options: { url, prefix } },
        async dispose() {
          await manifest.close()
          await drop()
        },
      }
    },
    cleanup: () => ground.cleanup(),
  }
}

export function redisDriverHarness(): ManifestDriverHarness {
  const ground = new RedisGround()
  return {
    kind: 'manifest-driver',
    name: 'redis',
    capabilities: ['durable', 'reopen', 'child'],
    async create() {
      const { prefix, url, drop } = await ground.freshPrefix()
      const open = () => new RedisManifestDriver({ url, prefix })
      const driver = open()
      return {
        driver,
        reopen: async () => open(),
        child: { module: new URL('../children/redis-driver.ts', import.meta.url).href, options: { url, prefix } },
        async dispose() {
          await driver.close()
          await drop()
        },
      }
    },
    cleanup: () => ground.cleanup(),
  }
}
