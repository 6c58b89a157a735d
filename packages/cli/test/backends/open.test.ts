import { join } from 'node:path'
import { openManifest, openStore } from '@lash/attachments-cli'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { newFolder } from '@lash/attachments-testing'
import { PostgresGround } from '@lash/attachments-testing/postgres'
import { RedisGround } from '@lash/attachments-testing/redis'
import { type S3Connection, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'

/** Puts and reads back through a store and a manifest, and leaves nothing. */
async function roundTrip(storeUrl: string, manifestUrl: string): Promise<void> {
  const store = await openStore(storeUrl)
  const manifest = await openManifest(manifestUrl)
  const session = new SessionScopedAttachmentStore(store, manifest, 'chat')
  const { id } = await session.put(new TextEncoder().encode('hello'), { mediaType: 'text/plain' })
  await session.commit()
  expect(new TextDecoder().decode((await session.get(id)).bytes)).toBe('hello')
  await session.delete(id)
  expect(await store.stat(id)).toBeUndefined()
  await Promise.all([store.close(), manifest.close()])
}

test.each(['sqlite', 'lmdb'])('%s: a store and a manifest, by a path and by a URL with three slashes', async scheme => {
  const folder = newFolder()
  await roundTrip(`${scheme}:${join(folder, '100% of it')}`, `${scheme}://${folder}/100%25%20of%20it`)
})

test('file: and memory:', () => roundTrip(`file:${newFolder()}`, 'memory:'))

const postgres = new PostgresGround()
afterAll(() => postgres.cleanup())

test('postgres: with the schema in the URL', async () => {
  const { schema, url, drop } = await postgres.freshSchema()
  onTestFinished(drop)
  await roundTrip(`${url}?schema=${schema}`, `${url}?schema=${schema}`)
})

const redis = new RedisGround()
afterAll(() => redis.cleanup())

test.runIf(process.env.LASH_TEST_REDIS_URL)('redis: with the prefix and the persistence in the URL', async () => {
  const { prefix, url, drop } = await redis.freshPrefix()
  onTestFinished(drop)
  await roundTrip('memory:', `${url}?prefix=${prefix}&persistence=ephemeral`)
})

const server = s3FromEnvironment()

describe.runIf(server)('s3:', () => {
  test('the path is a folder, and credentials are found as the SDK does', async () => {
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = server as S3Connection
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId).stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey)
    onTestFinished(() => void vi.unstubAllEnvs())
    const place = new URLSearchParams({ endpoint, region })
    await roundTrip(`s3://${bucket}/cli-${process.pid}?${place}`, 'memory:')
  })
})

describe('refused:', () => {
  test.each([
    ['no URL', '/srv/attachments', 'is no URL: did you mean file:/srv/attachments?'],
    ['a scheme that nobody knows', 'ftp://host/', 'nothing opens ftp: URLs'],
    ['no path', 'file:', 'file: has no path'],
    ['a host in the URL of a file', 'file://host/path', 'names no path of this machine'],
    ['credentials in the URL of a bucket', 's3://key:secret@bucket', 'an s3: URL has no credentials'],
    ['a parameter that there is not', 's3://bucket?acl=public', 'an s3: URL has no acl'],
    ['refs in Redis alone', 'redis://localhost', 'redis: keeps no bytes'],
  ])('%s', async (_, url, why) => {
    const failed = await openStore(url).catch((error: Error) => error)
    expect(failed).toMatchObject({ name: 'UsageError', message: expect.stringContaining(why) })
    expect((failed as Error).message).not.toContain('secret')
  })

  test('a path with nothing there, where nothing may be made', async () => {
    const missing = join(newFolder(), 'missing')
    await expect(openStore(`file:${missing}`, { create: false })).rejects.toThrow(`there is nothing at ${missing}`)
  })

  test('a package that is not installed, with the command that installs it', async () => {
    await expect(openStore('mine:', { use: '@nobody/attachments' })).rejects.toThrow('npm install @nobody/attachments')
  })
})
