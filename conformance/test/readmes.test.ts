import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PostgresGround } from '@lash/attachments-testing/postgres'
import { RedisGround } from '@lash/attachments-testing/redis'
import { describe, expect, test } from 'vitest'

/** What the programs print. That of S3 is tested beside its package: it needs a bucket, and prints a URL. */
const printed = {
  core: 'plot.png 4\n0\n',
  memory: 'hello\n1\n',
  fs: 'table.csv 8\n1,2\n\n',
  sqlite: 'table.csv 8\n',
  lmdb: 'table.csv 8\n',
}

describe('the program of the README prints what it says', () => {
  test.each(Object.entries(printed))('of %s', async (name, expected) => {
    expect(await run(await programOf(name))).toBe(expected)
  })

  test('of postgres', async () => {
    const ground = new PostgresGround()
    try {
      const { url, schema } = await ground.freshSchema()
      const program = (await programOf('postgres')).replaceAll('{ pool }', `{ pool, schema: '${schema}' }`)
      const env = { DATABASE_URL: url, PGOPTIONS: `-c search_path=${schema}` }
      expect(await run(program, env)).toBe('hello\n')
    } finally {
      await ground.cleanup()
    }
  })
})

test.skipIf(!process.env.LASH_TEST_REDIS_URL)('the program of the README of redis prints what it says', async () => {
  const ground = new RedisGround()
  const { url, prefix, drop } = await ground.freshPrefix()
  try {
    const target = "process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'"
    const program = (await programOf('redis')).replace(target, `{ url: process.env.REDIS_URL, prefix: '${prefix}' }`)
    expect(await run(program, { REDIS_URL: url })).toBe('hello\n')
  } finally {
    await drop()
    await ground.cleanup()
  }
})

/** All blocks of a package's README as one program. Those after the first may use its names again. */
async function programOf(name: string): Promise<string> {
  const readme = await readFile(join(import.meta.dirname, '..', '..', 'packages', name, 'README.md'), 'utf8')
  const [first = '', ...others] = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block as string)
  const imports: string[] = []
  const bodies = others.map(block =>
    block.replace(/^import .*$/gm, line => {
      imports.push(line)
      return ''
    }),
  )
  return [...imports, first, ...bodies.map(body => `{\n${body}}`)].join('\n')
}

/** In a folder of its own, from which the packages are found. */
async function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const cwd = await mkdtemp(join(import.meta.dirname, '.readme-'))
  try {
    const args = ['--input-type=module', '--eval', program]
    const options = { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env } }
    return (await promisify(execFile)(process.execPath, args, options)).stdout
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}
