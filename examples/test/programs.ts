import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, onTestFinished } from 'vitest'

export interface Outcome {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Sends the signal when the output has come to the text. */
  end?: { with: NodeJS.Signals; after: string }
}

/** The folder of the examples. */
export const examples = join(import.meta.dirname, '..')

/** Runs a program as it stands, as its own process. Its path is relative to the examples. */
export async function run(program: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> {
  const { end, cwd = examples, env } = options
  const child = spawn(process.execPath, [resolve(examples, program), ...args], {
    cwd,
    env: { ...process.env, FORCE_COLOR: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  let asked = false
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      output[name] += text
      if (end === undefined || asked || !output.stdout.includes(end.after)) return
      asked = true
      child.kill(end.with)
    })
  }
  const [code, signal] = await once(child, 'close')
  return { code, signal, ...output }
}

/** Folders to run a program in, with a place for temporary files that nobody else uses. Gone when the test is over. */
export async function surroundings() {
  const base = await mkdtemp(join(tmpdir(), 'examples-test-'))
  onTestFinished(() => rm(base, { recursive: true, force: true }))
  const [folder, temporary] = [join(base, 'here'), join(base, 'temporary')]
  await mkdir(folder)
  await mkdir(temporary)
  const env = { INIT_CWD: folder, TMPDIR: temporary, TMP: temporary, TEMP: temporary }
  return { folder, temporary, env, leftBehind: () => readdir(temporary) }
}

const needed = ['LASH_TEST_POSTGRES_URL', 'LASH_TEST_S3_ENDPOINT']
const missing = needed.filter(name => !process.env[name])

/** Tests that need the servers of the test run. Without them they are skipped, which is printed; not with `CI=true`. */
export function describeWithServers(name: string, suite: () => void): void {
  if (missing.length === 0) return void describe(name, suite)
  const reason = `${name}: ${missing.join(' and ')} not set`
  if (process.env.CI === 'true') throw new Error(reason)
  console.log(`${reason}; skipped`)
  describe.skip(name, suite)
}
