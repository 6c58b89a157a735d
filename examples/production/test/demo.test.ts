import { S3AttachmentStore } from '@lash/attachments-s3'
import { expect, onTestFinished, test } from 'vitest'
import { describeWithServers, run } from '../../test/programs.ts'
import { openGround } from '../src/ground.ts'
import type { ProductionReport } from '../src/report.ts'

const main = 'production/src/main.ts'

describeWithServers('the example', () => {
  test('works for a while, past a crash, loses nothing, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await run(main, ['--seconds', '3', '--json'])
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as ProductionReport
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
    const { signal, stdout, stderr } = await run(main, ['--seconds', '60'], {
      end: { with: 'SIGINT', after: 'Two workers' },
    })
    expect(stderr).toBe('')
    expect(signal).toBe('SIGINT')
    expect(stdout).not.toContain('\x1b')
    const schema = /schema (production_example_\w+)/.exec(stdout)?.[1] as string
    const prefix = /prefix (production-example\/\w+\/)/.exec(stdout)?.[1] as string
    await expectNothingLeft({ schema, prefix })
  })

  test.each([['1'], ['1e3'], ['3601'], ['x']])('--seconds %s is refused', async seconds => {
    const { code, stdout, stderr } = await run(main, [`--seconds=${seconds}`])
    expect(stderr).toBe('--seconds needs a whole number from 2 to 3600; see --help\n')
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  test('a server that cannot be reached is one clear failure', async () => {
    const { code, stdout } = await run(main, ['--json'], {
      env: { LASH_TEST_POSTGRES_URL: 'postgres://nobody:secret@127.0.0.1:9/none' },
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [expect.stringContaining('ECONNREFUSED')] })
    expect(stdout).not.toContain('secret')
  })
})

/** As seen from the ground of another run. */
async function expectNothingLeft({ schema, prefix }: { schema: string; prefix: string }): Promise<void> {
  const { host, settings, close } = await openGround(console.log)
  onTestFinished(close)
  const { rows } = await host.pool.query('SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema])
  expect(rows).toEqual([])
  const { bucket, region, endpoint, credentials } = settings
  const clientConfig = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) }
  const store = new S3AttachmentStore({ bucket, prefix, clientConfig })
  onTestFinished(() => store.close())
  for await (const { id } of store.list()) expect.fail(`${id} is left in the bucket`)
}
