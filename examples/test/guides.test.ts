import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { openGround } from '../production/src/ground.ts'
import { takeTurn } from '../production/src/host/turns.ts'
import { newDatabase } from './database.ts'
import { describeWithServers, examples, run, surroundings } from './programs.ts'

/** Blocks of a guide in a language. */
async function blocks(guide: string, language: string): Promise<string[]> {
  const text = await readFile(join(examples, '..', 'docs', 'guides', guide), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block as string)
}

/** What a page does with the code of a guide in another language, after its program, and what that prints. */
const inPages: Record<string, { program: (code: string) => string; prints: string }> = {
  'chat-with-attachments.md': {
    program: code => `{
      const { DefaultChatTransport } = await import('ai')
      const chat = 'chat-1'
      ${code}
      globalThis.fetch = async (url, { body }) => (console.log(url, body), new Response(new ReadableStream()))
      const messages = ['m1', 'm2'].map(id => ({ id, role: 'user', parts: [] }))
      await transport.sendMessages({ chatId: chat, trigger: 'submit-message', messages })
    }`,
    prints: '/chats/chat-1/messages {"message":{"id":"m2","role":"user","parts":[]}}\n',
  },
}

test.each(['getting-started.md', 'drafts-messages-forks.md', 'chat-with-attachments.md', 'what-is-going-on.md'])(
  '%s runs as it stands and prints what it says',
  async guide => {
    const folder = await withPackages(
      ...['core', 'fs', 'sqlite', 'memory', 'http', 'ai-sdk'].map(name => `@lash/attachments-${name}`),
      ...['api', 'sdk-trace', 'sdk-metrics', 'context-async-hooks'].map(name => `@opentelemetry/${name}`),
      ...['better-sqlite3', 'ai', 'hono', 'zod'],
    )
    for (const name of ['evening-lake.png', 'weather.csv']) {
      await copyFile(join(examples, 'quickstart', 'files', name), join(folder, name))
    }
    const program = join(folder, 'host.mts')
    const { program: inPage = () => '', prints = '' } = inPages[guide] ?? {}
    await writeFile(
      program,
      [...(await blocks(guide, 'ts')), inPage((await blocks(guide, 'js')).join('\n'))].join('\n'),
    )
    const { stdout, stderr } = await run(program, [], { cwd: folder })
    expect(stderr).toBe('')
    expect(stdout).toBe((await blocks(guide, 'text')).join('\n') + prints)
  },
)

/** A folder with what `npm install` would bring, from what is installed here. */
async function withPackages(...names: string[]): Promise<string> {
  const { folder } = await surroundings()
  for (const scope of ['@lash', '@opentelemetry']) await mkdir(join(folder, 'node_modules', scope), { recursive: true })
  for (const name of names) await symlink(await installed(name), join(folder, 'node_modules', name), 'junction')
  return folder
}

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

  test('the schema that its command makes is all that its program needs', async () => {
    const folder = await withPackages(
      '@lash/attachments-core',
      '@lash/attachments-postgres',
      '@lash/attachments-s3',
      'pg',
    )
    const [command = ''] = await blocks('production.md', 'sh')
    const [node = ''] = command.split('|')
    const { stdout: sql } = await promisify(execFile)('bash', ['-euc', node], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const connectionString = await newDatabase()
    const owner = new pg.Client({ connectionString })
    await owner.connect()
    await owner.query(sql)
    await owner.end()

    const { LASH_TEST_S3_BUCKET: bucket = '' } = process.env
    const prefix = `test/production-${randomBytes(4).toString('hex')}/`
    const program = (await blocks('production.md', 'ts')).join('\n')
    await writeFile(
      join(folder, 'host.mts'),
      `${program.replace("'my-attachments'", `'${bucket}'`).replace("'production/'", `'${prefix}'`)}
      await pool.end()`,
    )
    const env = {
      DATABASE_URL: connectionString,
      AWS_ENDPOINT_URL_S3: process.env.LASH_TEST_S3_ENDPOINT,
      AWS_ACCESS_KEY_ID: process.env.LASH_TEST_S3_ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: process.env.LASH_TEST_S3_SECRET_ACCESS_KEY,
    }
    expect(await run(join(folder, 'host.mts'), [], { cwd: folder, env })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })
})
