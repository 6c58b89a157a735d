import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { expect, onTestFinished, test } from 'vitest'
import { newDatabase } from './database.ts'
import { describeWithServers, examples, run, surroundings } from './programs.ts'

test('first-turn.ts prints what it says, twice, and leaves its folder', async () => {
  const { env, temporary } = await surroundings()
  const { byteLength } = await readFile(join(examples, 'first-turn.ts'))
  for (let time = 1; time <= 2; time++) {
    const { code, stdout, stderr } = await run('first-turn.ts', [], { env })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const [put, ...rest] = stdout.trimEnd().split('\n')
    expect(put).toMatch(new RegExp(`^put first-turn\\.ts: ${byteLength} bytes, id [0-9a-f]{64}$`))
    expect(rest).toEqual([
      'committed 1 ref and wrote the log',
      `read first-turn.ts: ${byteLength} bytes of text/plain`,
      'its first words: Dear colleague',
      'another session: not found',
      `all of it is in ${join(temporary, 'first-turn')}`,
    ])
  }
  expect(await readdir(join(temporary, 'first-turn'))).toEqual(expect.arrayContaining(['attachments', 'log.json']))
})

test('in-your-transaction-sqlite.ts saves a turn with its refs, or neither', async () => {
  const { env } = await surroundings()
  const { code, stdout, stderr } = await run('in-your-transaction-sqlite.ts', [], { env })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout.split('\n').slice(0, 4)).toEqual([
    'not saved: the turn is too long',
    'turns: 0, pending refs: 1',
    'turns: 1, pending refs: 0',
    'swept: 1, still there: table.csv',
  ])
})

test('drafts-and-forks.ts sends, deletes and forks, and nobody takes anything from others', async () => {
  const { env } = await surroundings()
  const { code, stdout, stderr } = await run('drafts-and-forks.ts', [], { env })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout.split('\n').slice(0, 6)).toEqual([
    'uploaded 2 files, 10 bytes; swept: 0',
    'sent m1: rain.txt; swept: 1',
    'sent m2: more rain.txt, and m1 is as it was: rain.txt',
    'deleted m2; swept: 0, m1: rain.txt',
    'a chat of somebody else: not found',
    'deleted chat-1; swept: 0, the fork: rain.txt',
  ])
})

test('sweeper.ts takes what first-turn.ts left, audits, and stops when it is asked to', async () => {
  const { env } = await surroundings()
  await run('first-turn.ts', [], { env })
  const times = { SWEEP_GRACE_MS: '0', SWEEP_INTERVAL_MS: '100', AUDIT_INTERVAL_MS: '1', AUDIT_GRACE_MS: '0' }
  const end = { with: 'SIGTERM', after: '"event":"audit"' } as const
  const { code, stdout, stderr } = await run('sweeper.ts', [], { env: { ...env, ...times }, end })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const events = stdout.trimEnd().split('\n')
  expect(events.map(line => JSON.parse(line)).slice(0, 2)).toMatchObject([
    { event: 'started', graceMs: 0, intervalMs: 100 },
    { event: 'sweep', reclaimed: 1, failures: 0 },
  ])
  expect(JSON.parse(events.at(-1) as string)).toMatchObject({ event: 'stopped' })
  expect(stdout).toContain('"event":"audit","reclaimed":0,"failures":0')
  // What was committed is still there.
  expect((await run('first-turn.ts', [], { env })).stdout).toContain('read first-turn.ts')
})

test('those that need servers say what to set', async () => {
  const env = { DATABASE_URL: undefined, S3_BUCKET: undefined }
  for (const name of ['in-your-transaction-postgres.ts', 'postgres-and-s3.ts']) {
    const { code, stderr } = await run(name, [], { env })
    expect(stderr).toMatch(/^Set DATABASE_URL/)
    expect(code).toBe(2)
  }
})

describeWithServers('with servers', () => {
  test('in-your-transaction-postgres.ts saves a turn with its refs, or neither', async () => {
    const env = { DATABASE_URL: await newDatabase() }
    const { code, stdout, stderr } = await run('in-your-transaction-postgres.ts', [], { env })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toEqual([
      'not saved: the turn is too long',
      'turns: 0, pending refs: 1',
      'turns: 1, pending refs: 0',
      'read back: table.csv',
      'deleted the conversation; swept: 1',
    ])
  })

  test('postgres-and-s3.ts prints what it says, and leaves nothing in the bucket', async () => {
    const bucket = process.env.LASH_TEST_S3_BUCKET as string
    const prefix = `test/examples-${randomBytes(4).toString('hex')}/`
    const s3 = {
      endpoint: process.env.LASH_TEST_S3_ENDPOINT as string,
      region: process.env.LASH_TEST_S3_REGION as string,
    }
    const credentials = {
      accessKeyId: process.env.LASH_TEST_S3_ACCESS_KEY_ID as string,
      secretAccessKey: process.env.LASH_TEST_S3_SECRET_ACCESS_KEY as string,
    }
    const env = {
      DATABASE_URL: await newDatabase(),
      S3_BUCKET: bucket,
      S3_PREFIX: prefix,
      S3_ENDPOINT: s3.endpoint,
      S3_REGION: s3.region,
      S3_ACCESS_KEY_ID: credentials.accessKeyId,
      S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }
    const { code, stdout, stderr } = await run('postgres-and-s3.ts', [], { env })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toEqual([
      'both servers answer',
      `put film.mp4: 20000000 bytes in ${prefix}`,
      'two conversations hold it, copies in the bucket: 1',
      'a part: 100 bytes',
      'by URL: 200, 20000000 bytes',
      'deleted a conversation; swept: 0',
      'deleted a conversation; swept: 1',
    ])
    const store = new S3AttachmentStore({ bucket, prefix, clientConfig: { ...s3, credentials } })
    onTestFinished(() => store.close())
    for await (const { id } of store.list()) expect.fail(`${id} is left in the bucket`)
  })
})
