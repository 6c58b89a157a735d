import { copyFile, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openGround } from '../production/src/ground.ts'
import { takeTurn } from '../production/src/host/turns.ts'
import { describeWithServers, examples, run, surroundings } from './programs.ts'

/** Blocks of a guide in a language. */
async function blocks(guide: string, language: string): Promise<string[]> {
  const text = await readFile(join(examples, '..', 'docs', 'guides', guide), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block as string)
}

test.each(['getting-started.md', 'drafts-messages-forks.md', 'chat-with-attachments.md', 'what-is-going-on.md'])(
  '%s runs as it stands and prints what it says',
  async guide => {
    const { folder } = await surroundings()
    // What `npm install` would bring, from what is installed here.
    const ours = ['core', 'fs', 'sqlite', 'memory', 'http', 'ai-sdk'].map(name => `@lash/attachments-${name}`)
    const telemetry = ['api', 'sdk-trace', 'sdk-metrics', 'context-async-hooks'].map(name => `@opentelemetry/${name}`)
    const packages = [...ours, ...telemetry, 'better-sqlite3', 'ai', 'hono', 'zod']
    for (const scope of ['@lash', '@opentelemetry'])
      await mkdir(join(folder, 'node_modules', scope), { recursive: true })
    for (const name of packages) await symlink(await installed(name), join(folder, 'node_modules', name), 'junction')
    for (const name of ['evening-lake.png', 'weather.csv']) {
      await copyFile(join(examples, 'quickstart', 'files', name), join(folder, name))
    }
    const program = join(folder, 'host.mts')
    await writeFile(program, (await blocks(guide, 'ts')).join('\n'))
    const { stdout, stderr } = await run(program, [], { cwd: folder })
    expect(stderr).toBe('')
    expect(stdout).toBe((await blocks(guide, 'text')).join('\n'))
  },
)

/** Where a dependency of the examples is: with them in the workspace, in the root where the tarballs are installed. */
async function installed(name: string): Promise<string> {
  const own = join(examples, 'node_modules', name)
  return realpath(own).catch(() => realpath(join(examples, '..', 'node_modules', name)))
}

describeWithServers('the guide to production', () => {
  test('its queries say what it says that they say', async () => {
    const ground = await openGround(console.log)
    onTestFinished(() => ground.close())
    const { host, settings } = ground
    const upload = { bytes: new Uint8Array([1]), meta: { mediaType: 'image/png' } }
    await takeTurn(host, 'a conversation', [upload], async () => undefined)
    const answers: unknown[] = []
    for (const query of await blocks('production.md', 'sql')) {
      const { rows } = await host.pool.query(query.replaceAll('lash_attachments', settings.schema))
      answers.push(...rows)
    }
    expect(answers).toEqual([{ version: 2 }, { refs: '1', oldest: expect.any(Date) }, { claims: '0', oldest: null }])
  })

  test('its start-up call asks both servers, and finds nothing', async () => {
    const ground = await openGround(console.log)
    onTestFinished(() => ground.close())
    const { manifest, store } = ground.host
    const nothing = '0'.repeat(64)
    const answers = await Promise.all([manifest.lookup('start-up', nothing), store.stat(nothing)])
    expect(answers).toEqual([undefined, undefined])
  })
})
