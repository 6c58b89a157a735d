import { randomUUID } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AttachmentListing,
  type AttachmentStore,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { verifyStore } from '@lash/attachments-core/maintenance'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { SqliteAttachmentManifest, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { PostgresGround } from '@lash/attachments-testing/postgres'
import { type S3Connection, s3ClientConfig, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { lashAttachments, start } from '../command-line.ts'

const bodyOf = (seed: number) => new TextEncoder().encode(`blob ${seed}`)

async function keys(store: AttachmentStore): Promise<string[]> {
  const all: AttachmentListing[] = await Array.fromAsync(store.list())
  return all.map(({ id, generation, byteLength }) => `${id} ${generation} ${byteLength}`).sort()
}

test('a folder to a database: what is there with ids, generations and metadata, and again only what is new', async () => {
  const [root, path] = [newFolder(), join(newFolder(), 'target.db')]
  await using source = new FileAttachmentStore(root)
  for (let seed = 0; seed < 5; seed++) {
    await source.put(bodyOf(seed), { mediaType: 'text/plain', label: `${seed}.txt` }, { generation: seed % 2 })
  }
  const args = ['copy', '--store', `file:${root}`, '--to', `sqlite:${path}`]
  expect(await lashAttachments(args)).toEqual({
    code: 0,
    signal: null,
    stdout: 'listedCount\t5\ncopiedCount\t5\ncopiedByteLength\t30\npresentCount\t0\nfailedCount\t0\n',
    stderr: '',
  })
  await source.put(bodyOf(5), { mediaType: 'text/plain' })
  const dry = await lashAttachments([...args, '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout)).toMatchObject({ listedCount: 6, copiedCount: 1, presentCount: 5, failures: [] })

  await using target = new SqliteAttachmentStore(path)
  expect(await keys(target)).toHaveLength(5)
  expect(await lashAttachments(args)).toMatchObject({ code: 0 })
  expect(await keys(target)).toEqual(await keys(source))
  expect((await target.get(contentId(bodyOf(3)), { generation: 1 })).meta.label).toBe('3.txt')
})

test('what is damaged is named and not copied, and the exit code is 1', async () => {
  const [root, to] = [newFolder(), newFolder()]
  await using source = new FileAttachmentStore(root)
  const [whole, { id }] = [
    await source.put(bodyOf(1), { mediaType: 'a/b' }),
    await source.put(bodyOf(2), { mediaType: 'a/b' }),
  ]
  truncateSync(join(root, 'sha256', id.slice(0, 2), id), 1)
  const { code, stdout, stderr } = await lashAttachments(['copy', '--store', `file:${root}`, '--to', `file:${to}`])
  expect(code).toBe(1)
  expect(stdout).toContain('failedCount\t1\n')
  expect(stderr).toMatch(new RegExp(`^error: ${id} at generation 0: .+\n$`))
  await using target = new FileAttachmentStore(to)
  expect(await keys(target)).toEqual([`${whole.id} 0 6`])
})

test('killed in the middle, and run again: everything is there once, and is whole', async () => {
  const [root, to] = [newFolder(), newFolder()]
  await using source = new FileAttachmentStore(root, { durability: 'relaxed' })
  for (let seed = 0; seed < 100; seed++) {
    await source.put(new TextEncoder().encode(`blob ${seed}`.repeat(20_000)), { mediaType: 'a/b' })
  }
  const args = ['copy', '--store', `file:${root}`, '--to', `file:${to}`, '--concurrency', '2']
  const { child, ended } = start(args)
  await using target = new FileAttachmentStore(to)
  await expect.poll(() => keys(target)).not.toEqual([])
  child.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
  const before = (await keys(target)).length
  expect(before).toBeLessThan(100)

  const { code, stdout } = await lashAttachments([...args, '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ listedCount: 100, presentCount: before, copiedCount: 100 - before })
  expect(await keys(target)).toEqual(await keys(source))
  expect(await verifyStore(target)).toMatchObject({ checkedCount: 100, damaged: [] })
})

const server = s3FromEnvironment()
const ground = new PostgresGround()
afterAll(() => ground.cleanup())

test.skipIf(server === undefined)(
  'folder and SQLite to S3 and PostgreSQL, once all of the bytes are there',
  async () => {
    const { bucket, endpoint, region, accessKeyId, secretAccessKey } = server as S3Connection
    const { url, schema, drop } = await ground.freshSchema()
    onTestFinished(drop)
    const folder = newFolder()
    await using store = new FileAttachmentStore(join(folder, 'bytes'))
    await using manifest = new SqliteAttachmentManifest(join(folder, 'refs.db'))
    const session = new SessionScopedAttachmentStore(store, manifest, 'chat-1')
    const ref = await session.put(bodyOf(1), { mediaType: 'a/b' })
    await session.commit()
    const damaged = await store.put(bodyOf(2), { mediaType: 'a/b' })
    truncateSync(join(folder, 'bytes/sha256', damaged.id.slice(0, 2), damaged.id), 1)

    const prefix = `test/${randomUUID()}`
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
    const args = [
      ...['copy', '--json', '--store', `file:${folder}/bytes`, '--manifest', `sqlite:${folder}/refs.db`],
      ...['--to', `s3://${bucket}/${prefix}?${new URLSearchParams({ endpoint, region })}`],
      ...['--to-manifest', `${url}?schema=${schema}`],
    ]
    const refused = await lashAttachments(args, { env })
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('the manifest was not copied') })
    await store.delete(damaged.id)
    const { code, stdout } = await lashAttachments(args, { env })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ listedCount: 1, presentCount: 1, contentCount: 1, refCount: 1 })

    const clientConfig = s3ClientConfig(server as S3Connection)
    await using bytes = new S3AttachmentStore({ bucket, prefix: `${prefix}/`, clientConfig })
    await using refs = new PostgresAttachmentManifest({ connectionString: url, schema })
    const moved = new SessionScopedAttachmentStore(bytes, refs, 'chat-1')
    expect((await moved.get(ref.id)).bytes).toEqual(bodyOf(1))
    await moved.delete(ref.id)
    // The manifest is not copied over one that has been used, and no password is shown.
    const again = await lashAttachments(args, { env })
    expect(again).toMatchObject({ code: 2 })
    expect(again.stderr).not.toContain(new URL(url).password)
  },
)

test('without a target, or a dry run into nothing: 2, and nothing is made', async () => {
  const to = join(newFolder(), 'none')
  expect(await lashAttachments(['copy', '--store', 'memory:'])).toMatchObject({ code: 2 })
  const dry = await lashAttachments(['copy', '--store', 'memory:', '--to', `file:${to}`, '--dry-run'])
  expect(dry).toMatchObject({ code: 2, stderr: expect.stringContaining('there is nothing at') })
})
