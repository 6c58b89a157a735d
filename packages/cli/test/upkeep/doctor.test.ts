import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import { S3FaultProxy, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lashAttachments } from '../command-line.ts'

const server = s3FromEnvironment()
const at = (folder: string) => ['--store', `file:${folder}/bytes`, '--manifest', `sqlite:${folder}/refs.db`]
const rows = (stdout: string) => stdout.split('\n').slice(0, -1)

test('a manifest that is no database: what is wrong, what to do, and 1', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'refs.db'), 'not a database, and long enough to be taken for one'.repeat(20))
  const { code, stdout, stderr } = await lashAttachments(['doctor', '--json', ...at(folder)])
  expect(code).toBe(1)
  expect(stderr).toBe('')
  const problems = rows(stdout)
    .map(row => JSON.parse(row))
    .filter(({ level }) => level === 'problem')
  expect(problems.map(({ about }) => about)).toContain('manifest')
  expect(problems.every(({ advice }) => advice.length > 0)).toBe(true)
})

test('a folder: how many syncs run at once, and what to do about it', async () => {
  const store = ['doctor', '--store', `file:${newFolder()}`]
  const few = await lashAttachments(store, { env: { UV_THREADPOOL_SIZE: '4' } })
  expect(few.code).toBe(0)
  expect(few.stdout).toMatch(/^store\tnote\tthread pool\t.* 4 files at once\t.*UV_THREADPOOL_SIZE=16/m)
  const many = await lashAttachments(store, { env: { UV_THREADPOOL_SIZE: '16' } })
  expect(many.stdout).toMatch(/^store\tok\tthread pool\t/m)
})

describe.skipIf(server === undefined)('a bucket', () => {
  test('whose objects may not be looked at: the right that is missing', async () => {
    const { bucket, endpoint, region, accessKeyId, secretAccessKey } = server as NonNullable<typeof server>
    const proxy = await S3FaultProxy.start(endpoint)
    onTestFinished(() => proxy[Symbol.asyncDispose]())
    const prefix = `test/${randomUUID()}`
    proxy.spoil({ method: 'HEAD', url: `${prefix}/doctor` }, { kind: 'answer', status: 403 }, 10)
    const { code, stdout } = await lashAttachments(
      ['doctor', '--store', `s3://${bucket}/${prefix}?endpoint=${proxy.endpoint}&region=${region}`],
      { env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } },
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/^store\tproblem\trights\ts3:GetObject/m)
    expect(stdout).toMatch(/^store\tok\tround trip\t/m)
    expect(stdout).toMatch(/^store\tok\tconditional writes\t/m)
    expect(stdout).toMatch(/^store\twarning\tunfinished uploads\t.*\tadd a lifecycle rule/m)
  })
})
