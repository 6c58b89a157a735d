import { S3AttachmentStore } from '@lash/attachments-s3'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import type { ProductionReport } from '../src/report.ts'
import { openServers } from '../src/servers.ts'
import { runExample } from './example-process.ts'
import { describeWithServers } from './with-servers.ts'

describeWithServers('the example', () => {
  test('works for a while, past a crash, loses nothing, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await runExample(['--seconds', '3', '--json'])
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as Required<ProductionReport>
    expect(report.problems).toEqual([])
    expect(code).toBe(0)
    expect(report).toMatchObject({
      ok: true,
      work: { crash: { worker: 'worker-1', signal: 'SIGKILL' }, sweeper: { failures: 0 }, problems: [] },
      finalSweep: { failures: [], uncommitted: 0 },
      audit: { strayIsGone: true, failures: [] },
      verification: { wrong: [], disagreements: [], unexpectedCopies: [], missingCopies: [] },
      url: { status: 200, matches: true },
      cleanUp: { objectsLeft: 0, schemaLeft: false },
    })
    const { refs, right } = report.verification
    expect(refs).toBeGreaterThan(0)
    expect(right).toBe(refs)
    await expectNothingLeft(report.places)
  })

  test('interrupted, it leaves nothing behind', async () => {
    const { signal, stdout, stderr } = await runExample(['--seconds', '60'], { interruptAfter: 'Two workers' })
    expect(stderr).toBe('')
    expect(signal).toBe('SIGINT')
    expect(stdout).not.toContain('\x1b')
    const schema = /schema (production_example_\w+)/.exec(stdout)?.[1] as string
    const prefix = /prefix (production-example\/\w+\/)/.exec(stdout)?.[1] as string
    await expectNothingLeft({ schema, prefix })
  })

  test('a server that cannot be reached is one clear failure', async () => {
    const { code, stdout } = await runExample(['--json'], {
      env: { LASH_TEST_POSTGRES_URL: 'postgres://nobody:secret@127.0.0.1:9/none' },
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [expect.stringContaining('ECONNREFUSED')] })
    expect(stdout).not.toContain('secret')
  })
})

async function expectNothingLeft({ schema, prefix }: { schema: string; prefix: string }): Promise<void> {
  const servers = await openServers(console.log)
  onTestFinished(() => servers[Symbol.asyncDispose]())
  const { databaseUrl, bucket, region, endpoint, credentials } = servers.settings
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query('SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema])
  await client.end()
  expect(rows).toEqual([])
  const clientConfig = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) }
  const store = new S3AttachmentStore({ bucket, prefix, clientConfig })
  onTestFinished(() => store.close())
  for await (const { id } of store.list()) expect.fail(`${id} is left in the bucket`)
}
