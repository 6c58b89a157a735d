import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const main = join(import.meta.dirname, '..', 'src', 'services', 'main.ts')
const given = {
  LASH_TEST_POSTGRES_URL: "postgres://me:it's@db.example:5432/app",
  LASH_TEST_REDIS_URL: "redis://:it's@redis.example:6380/2",
  LASH_TEST_S3_ENDPOINT: 'https://s3.example:9000',
  LASH_TEST_S3_BUCKET: 'my-bucket',
  LASH_TEST_S3_ACCESS_KEY_ID: 'key',
  LASH_TEST_S3_SECRET_ACCESS_KEY: 'a secret/with+signs',
  LASH_TEST_S3_REGION: 'eu-west-1',
}

/**
 * Runs the command until it says that it waits, or until it ends by itself; then reads what it printed with a shell.
 */
async function runServices(env: NodeJS.ProcessEnv): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
    if (stdout.includes('Press Ctrl-C')) child.kill('SIGTERM')
  })
  const [code] = await once(child, 'close')
  return { code, stdout }
}

async function readByShell(script: string, names: readonly string[]): Promise<string[]> {
  const print = names.map(name => `printf '%s\\n' "$${name}"`).join('\n')
  const shell = spawn('sh', ['-c', `${script}\n${print}`], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  shell.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  await once(shell, 'close')
  return stdout.trimEnd().split('\n')
}

test('prints what a shell needs to reach the servers, and stops when it is told to', async () => {
  const { code, stdout } = await runServices(given)
  expect(code).toBe(0)
  expect(await readByShell(stdout, Object.keys(given))).toEqual(Object.values(given))
})

test('goes on without a server that cannot be had, and says so in one line', async () => {
  const { code, stdout } = await runServices({ ...given, LASH_TEST_S3_BUCKET: '' })
  expect(code).toBe(0)
  expect(stdout).toContain('# S3: LASH_TEST_S3_ENDPOINT is set, so LASH_TEST_S3_BUCKET must be set as well\n')
  expect(stdout).toContain('export LASH_TEST_POSTGRES_URL=')
  expect(stdout).toContain('export LASH_TEST_REDIS_URL=')
  expect(stdout).not.toContain('export LASH_TEST_S3')
})
