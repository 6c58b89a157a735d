import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const main = join(import.meta.dirname, '..', 'src', 'main.ts')

export interface ExampleOutcome {
  code: number | null
  signal: string | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv
  /** Sends an interrupt when the output has come to this. */
  interruptAfter?: string
}

/** Runs the example as its own process. */
export async function runExample(args: readonly string[], options: RunOptions = {}): Promise<ExampleOutcome> {
  const { env = {}, interruptAfter } = options
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  let interrupted = false
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      output[name] += text
      if (interrupted || interruptAfter === undefined || !output.stdout.includes(interruptAfter)) return
      interrupted = true
      child.kill('SIGINT')
    })
  }
  const [code, signal] = await once(child, 'close')
  return { code, signal, ...output }
}
