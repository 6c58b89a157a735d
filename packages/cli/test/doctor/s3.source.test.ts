import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LifecycleRule, S3 } from '@aws-sdk/client-s3'
import { removeAll, type S3Fault, S3FaultProxy, s3ClientConfig, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'
import { examineBucket } from '../../src/doctor/s3/bucket.ts'
import { expiry, noncurrentVersions, unfinishedUploads } from '../../src/doctor/s3/lifecycle.ts'

const server = s3FromEnvironment()
const never = new AbortController().signal
const levels = (findings: readonly Finding[]) => Object.fromEntries(findings.map(({ check, level }) => [check, level]))

describe.skipIf(server === undefined)('a bucket', () => {
  /** A bucket of its own: settings of a bucket are those of everybody who uses it. */
  async function bucketOf(configure: (client: S3, bucket: string) => Promise<unknown>): Promise<Finding[]> {
    const client = new S3(s3ClientConfig(server as NonNullable<typeof server>))
    const bucket = `doctor-${randomUUID()}`
    await client.createBucket({ Bucket: bucket })
    onTestFinished(async () => {
      const { Versions = [], DeleteMarkers = [] } = await client.listObjectVersions({ Bucket: bucket })
      for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
        await client.deleteObject({ Bucket: bucket, Key, VersionId })
      }
      await client.deleteBucket({ Bucket: bucket })
      client.destroy()
    })
    await configure(client, bucket)
    return examineBucket({ client, bucket, prefix: 'production/' }, never)
  }

  test('as it is made has all that is needed, but no rule for unfinished uploads', async () => {
    const findings = await bucketOf(async () => {})
    expect(levels(findings)).toEqual({
      bucket: 'ok',
      rights: 'ok',
      'conditional writes': 'ok',
      versioning: 'ok',
      'unfinished uploads': 'warning',
      expiry: 'ok',
    })
  })

  test('with versions that nobody ends, and a rule that expires objects', async () => {
    const findings = await bucketOf(async (client, bucket) => {
      await client.putBucketVersioning({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } })
      const Rules: LifecycleRule[] = [
        { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } },
        {
          ID: 'parts',
          Status: 'Enabled',
          Filter: { Prefix: 'production/' },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
      ]
      await client.putBucketLifecycleConfiguration({ Bucket: bucket, LifecycleConfiguration: { Rules } })
    })
    expect(levels(findings)).toMatchObject({ versioning: 'warning', 'unfinished uploads': 'ok', expiry: 'problem' })
    expect(findings.find(({ check }) => check === 'expiry')?.message).toContain('the rule old')
  })

  test('with the rules of the README of the package lacks nothing', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../s3/README.md'), 'utf8')
    const rules = JSON.parse(/```json\n(\{\s+"Rules".*?)```/s.exec(readme)?.[1] ?? '')
    const findings = await bucketOf((client, bucket) =>
      client.putBucketLifecycleConfiguration({ Bucket: bucket, LifecycleConfiguration: rules }),
    )
    expect(new Set(Object.values(levels(findings)))).toEqual(new Set(['ok']))
  })

  test('that does not exist', async () => {
    const client = new S3(s3ClientConfig(server as NonNullable<typeof server>))
    onTestFinished(() => client.destroy())
    const findings = await examineBucket({ client, bucket: `none-${randomUUID()}`, prefix: '' }, never)
    expect(levels(findings)).toEqual({ bucket: 'problem' })
    expect(findings[0]?.message).toContain('NoSuchBucket')
  })

  /** What is found below a prefix of its own, when the server answers so to each request of that method. */
  async function spoiled(method?: string, fault?: S3Fault): Promise<{ findings: Finding[]; left: number | undefined }> {
    const { bucket, endpoint } = server as NonNullable<typeof server>
    const proxy = await S3FaultProxy.start(endpoint)
    const config = s3ClientConfig(server as NonNullable<typeof server>)
    const client = new S3({ ...config, endpoint: proxy.endpoint })
    const direct = new S3(config)
    const prefix = `test/${randomUUID()}/`
    onTestFinished(async () => {
      await removeAll(direct, bucket, prefix)
      client.destroy()
      direct.destroy()
      await proxy[Symbol.asyncDispose]()
    })
    if (method !== undefined && fault !== undefined) proxy.spoil({ method, url: prefix.slice(0, -1) }, fault, 100)
    const findings = await examineBucket({ client, bucket, prefix }, never)
    return { findings, left: (await direct.listObjectsV2({ Bucket: bucket, Prefix: prefix })).KeyCount }
  }

  test('is left as it was', async () => {
    expect(await spoiled()).toMatchObject({ left: 0 })
  })

  test('from which these credentials may not delete', async () => {
    const { findings } = await spoiled('DELETE', { kind: 'answer', status: 403, code: 'AccessDenied' })
    const rights = findings.filter(({ check }) => check === 'rights')
    expect(rights.map(({ advice }) => advice)).toEqual([
      expect.stringContaining('s3:AbortMultipartUpload'),
      expect.stringContaining('s3:DeleteObject'),
    ])
  })

  test('of a server that ignores conditions, or does not know them', async () => {
    const ignoring = await spoiled('PUT', { kind: 'answer', status: 200, body: '' })
    expect(levels(ignoring.findings)).toMatchObject({ 'conditional writes': 'warning' })
    const refusing = await spoiled('PUT', { kind: 'answer', status: 501, code: 'NotImplemented' })
    expect(levels(refusing.findings)).toMatchObject({ 'conditional writes': 'note' })
  })
})

describe('rules', () => {
  const rule = (more: Omit<LifecycleRule, 'Status'>): LifecycleRule => ({ Status: 'Enabled', ...more })
  const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }

  test('about unfinished uploads count when they are for all of the prefix', () => {
    const levelOf = (one: LifecycleRule) => unfinishedUploads([one], 'a/b/').level
    expect(levelOf(rule({ ...abort, Filter: { Prefix: 'a/' } }))).toBe('ok')
    expect(levelOf(rule({ ...abort, Prefix: '' }))).toBe('ok')
    expect(levelOf(rule({ ...abort, Filter: { Prefix: 'a/b/sha256/00' } }))).toBe('warning')
    expect(levelOf(rule({ ...abort, Filter: { Tag: { Key: 'k', Value: 'v' } } }))).toBe('warning')
  })

  test('that take objects count when they are for any part of the prefix', () => {
    const levelOf = (one: LifecycleRule) => expiry([one], 'a/b/')[0]?.level
    expect(levelOf(rule({ Expiration: { Days: 1 }, Filter: { Prefix: 'a/b/sha256/00' } }))).toBe('problem')
    expect(levelOf(rule({ Transitions: [{ Days: 1, StorageClass: 'GLACIER' }], Prefix: '' }))).toBe('problem')
    expect(levelOf(rule({ Transitions: [{ Days: 1, StorageClass: 'STANDARD_IA' }], Prefix: '' }))).toBe('ok')
    expect(levelOf(rule({ Expiration: { Days: 1 }, Filter: { Prefix: 'logs/' } }))).toBe('ok')
    expect(levelOf(rule({ Expiration: { Days: 1 }, Filter: { Prefix: 'a/b/unconfirmed/' } }))).toBe('ok')
    expect(levelOf(rule({ Expiration: { Days: 1 }, Filter: { Prefix: 'a/b/un' } }))).toBe('problem')
    expect(levelOf(rule({ Expiration: { ExpiredObjectDeleteMarker: true }, Prefix: '' }))).toBe('ok')
  })

  test('about old versions', () => {
    const keep = rule({ NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Prefix: '' })
    expect(noncurrentVersions('Enabled', [keep], 'a/').level).toBe('ok')
    expect(noncurrentVersions('Enabled', [], 'a/').level).toBe('warning')
    expect(noncurrentVersions('Suspended', undefined, 'a/').level).toBe('note')
  })
})
