import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = join(import.meta.dirname, '..', 'src', 'main.ts')

export interface DemoOutcome {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
  /** What is left in the folder for temporary files. */
  leftBehind: string[]
}

export interface DemoSurroundings extends AsyncDisposable {
  /** Where the demo is started: relative paths are relative to it. */
  folder: string
  run(args: readonly string[], options?: { endWith?: NodeJS.Signals }): Promise<DemoOutcome>
}

/** A folder to run the demo in, as its own process, with a temporary folder that nobody else uses. */
export async function demoSurroundings(): Promise<DemoSurroundings> {
  const base = await mkdtemp(join(tmpdir(), 'quickstart-test-'))
  const folder = join(base, 'here')
  const temporary = join(base, 'temporary')
  await mkdir(folder)
  await mkdir(temporary)
  return {
    folder,
    async run(args, { endWith } = {}) {
      const env = { ...process.env, INIT_CWD: folder, TMPDIR: temporary, TMP: temporary, TEMP: temporary }
      const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
      const output = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', text => {
          output[name] += text
          if (endWith !== undefined) child.kill(endWith)
        })
      }
      const [code, signal] = await once(child, 'close')
      return { code, signal, ...output, leftBehind: await readdir(temporary) }
    },
    async [Symbol.asyncDispose]() {
      await rm(base, { recursive: true, force: true })
    },
  }
}
