import { readdir } from 'node:fs/promises'
import { S3Client } from '@aws-sdk/client-s3'
import { AttachmentInvalidArgumentError, contentId } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { newFolder } from '@lash/attachments-testing'
import { describe, expect, onTestFinished, test } from 'vitest'

const MiB = 1024 * 1024
const clientConfig = { region: 'eu-west-1', credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } }

describe('a bucket, or an object of options', () => {
  test.each<[string, () => S3AttachmentStore]>([
    ['options', () => new S3AttachmentStore({ bucket: 'some-bucket', prefix: 'a/', clientConfig })],
    ['a bucket and options', () => new S3AttachmentStore('some-bucket', { prefix: 'a/', clientConfig })],
  ])('opens a store: %s', async (_form, open) => {
    const store = open()
    onTestFinished(() => store.close())
    const id = contentId(new Uint8Array())
    const { host, pathname } = new URL(await store.getUrl(id, { generation: 0 }))
    expect(host).toBe('some-bucket.s3.eu-west-1.amazonaws.com')
    expect(pathname).toBe(`/a/sha256/${id.slice(0, 2)}/${id}`)
  })

  test.each([undefined, null, 7, '', '..'])('%j is refused', given => {
    expect(() => new S3AttachmentStore(given as never)).toThrow(AttachmentInvalidArgumentError)
  })
})

describe('options that cannot be right', () => {
  const options = { bucket: 'b', clientConfig: { region: 'us-east-1' } }
  test.each([
    [{ ...options, bucket: '' }],
    [{ ...options, bucket: undefined as never }],
    [{ ...options, bucket: '..' }],
    [{ ...options, bucket: 'a?b' }],
    [{ ...options, bucket: ' a' }],
    [{ bucket: 'b', clientConfig: { region: '' } }],
    [{ bucket: 'b', clientConfig: { endpoint: '' } }],
    [{ bucket: 'b', clientConfig: { endpoint: 'localhost:9000' } }],
    [{ bucket: 'b', clientConfig: { endpoint: 's3.example.com' } }],
    [{ bucket: 'b', clientConfig: { requestHandler: 5 as never } }],
    [{ ...options, prefix: '/a/' }],
    [{ ...options, prefix: 'a//b/' }],
    [{ ...options, prefix: 'a/../b/' }],
    [{ ...options, prefix: 'a\u0000/' }],
    [{ ...options, prefix: 'a'.repeat(801) }],
    [{ ...options, prefix: 'ä'.repeat(401) }],
    [{ ...options, prefix: 'a\uFFFE/' }],
    [{ ...options, prefix: '\uFFFF/' }],
    [{ ...options, prefix: '\uD800/' }],
    [{ ...options, multipart: { partBytes: 5 * MiB - 1 } }],
    [{ ...options, multipart: { partBytes: 5 * 1024 * MiB + 1 } }],
    [{ ...options, multipart: { concurrency: 0 } }],
    [{ ...options, client: new S3Client({}) }],
    [{ ...options, maxByteLength: -1 }],
  ])('are refused: %j', given => {
    expect(() => new S3AttachmentStore(given)).toThrow(AttachmentInvalidArgumentError)
  })
})

test('big streams wait in the folder that is given for them', async () => {
  const directory = newFolder()
  const store = new S3AttachmentStore('some-bucket', { clientConfig, spool: { directory, memoryLimit: 1 } })
  onTestFinished(() => store.close())
  const content = await store.prepare(new Blob(['spooled']).stream())
  expect(await readdir(directory)).toHaveLength(1)
  await content[Symbol.asyncDispose]()
  expect(await readdir(directory)).toEqual([])
})
