import { randomUUID } from 'node:crypto'
import { existsSync, truncateSync } from 'node:fs'
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

test('killed in the middle, and run again: everything is there once, with generations and metadata', async () => {
  const [root, path] = [newFolder(), join(newFolder(), 'target.db')]
  await using source = new FileAttachmentStore(root, { durability: 'relaxed' })
  const long = (seed: number) => new TextEncoder().encode(`blob ${seed} `.repeat(10_000))
  for (let seed = 10; seed < 70; seed++) {
    await source.put(long(seed), { mediaType: 'text/plain', label: `${seed}.txt` }, { generation: seed % 2 })
  }
  const args = ['copy', '--store', `file:${root}`, '--to', `sqlite:${path}`, '--concurrency', '1']
  const { child, ended } = start(args)
  await using target = new SqliteAttachmentStore(path)
  await expect.poll(() => keys(target), { interval: 5 }).not.toEqual([])
  child.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
  const there = (await keys(target)).length
  expect(there).toBeLessThan(60)

  const dry = await lashAttachments([...args, '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout)).toMatchObject({ listedCount: 60, presentCount: there, copiedCount: 60 - there })
  expect(await keys(target)).toHaveLength(there)
  expect(await lashAttachments(args)).toEqual({
    code: 0,
    signal: null,
    stdout:
      `listedCount\t60\ncopiedCount\t${60 - there}\ncopiedByteLength\t${(60 - there) * 80_000}\n` +
      `presentCount\t${there}\nfailedCount\t0\n`,
    stderr: '',
  })
  expect(await keys(target)).toEqual(await keys(source))
  expect(await verifyStore(target)).toMatchObject({ checkedCount: 60, damaged: [] })
  expect((await target.get(contentId(long(33)), { generation: 1 })).meta.label).toBe('33.txt')
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
    const refs = ['copy', '--manifest', `sqlite:${folder}/refs.db`, '--to-manifest', `${url}?schema=${schema}`]
    const place = new URLSearchParams({ endpoint, region })
    const args = [...refs, '--store', `file:${folder}/bytes`, '--to', `s3://${bucket}/${prefix}?${place}`]
    const refused = await lashAttachments(args, { env })
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('copiedCount\t1\n') })
    const [failed, warning] = refused.stderr.split('\n')
    expect(failed).toMatch(new RegExp(`^error: ${damaged.id} at generation 0: .`))
    expect(warning).toContain('the manifest was not copied')
    await store.delete(damaged.id)
    const { code, stdout } = await lashAttachments([...args, '--json'], { env })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ listedCount: 1, presentCount: 1, contentCount: 1, refCount: 1 })

    const clientConfig = s3ClientConfig(server as S3Connection)
    await using bytes = new S3AttachmentStore({ bucket, prefix: `${prefix}/`, clientConfig })
    await using copied = new PostgresAttachmentManifest({ connectionString: url, schema })
    const moved = new SessionScopedAttachmentStore(bytes, copied, 'chat-1')
    expect((await moved.get(ref.id)).bytes).toEqual(bodyOf(1))
    await moved.delete(ref.id)
    // The manifest is not copied over one that has been used, and no password is shown.
    const again = await lashAttachments(refs)
    expect(again).toMatchObject({ code: 2 })
    expect(again.stderr).not.toContain(new URL(url).password)
  },
)

test('a dry run into nothing: 2, and nothing is made', async () => {
  const to = join(newFolder(), 'none')
  const dry = await lashAttachments(['copy', '--store', 'memory:', '--to', `file:${to}`, '--dry-run'])
  expect(dry).toMatchObject({ code: 2, stderr: expect.stringContaining('there is nothing at') })
  expect(existsSync(to)).toBe(false)
})
