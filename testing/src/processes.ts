import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

export interface ScriptOptions {
  readonly cwd?: string
  /** In addition to this process's own. */
  readonly env?: NodeJS.ProcessEnv
  /** A program with its first arguments, which runs the command that follows them. */
  readonly under?: readonly string[]
  /** Whether it may write to the standard error. Default false. */
  readonly warns?: boolean
}

/**
 * Runs a script of Node in a process of its own, to its end, and gives the lines that it printed. Rejects with what
 * `execFile` does where the script fails or is killed, and where it writes to the standard error unasked.
 */
export async function linesOf(
  script: URL,
  args: readonly string[] = [],
  { cwd, env, under = [], warns = false }: ScriptOptions = {},
): Promise<string[]> {
  const [program = '', ...rest] = [...under, process.execPath, fileURLToPath(script), ...args]
  const { stdout, stderr } = await promisify(execFile)(program, rest, { cwd, env: environment(env) })
  if (stderr !== '' && !warns) throw new Error(stderr)
  return stdout === '' ? [] : stdout.trim().split('\n')
}

export interface RunningScript {
  /** The first line that it printed. */
  readonly line: string
  /** Kills it, and waits until it is gone. */
  kill(): Promise<void>
}

/** Starts a script of Node, and waits for the first line that it prints. It is killed after the test, if not before. */
export async function startScript(script: URL, args: readonly string[] = []): Promise<RunningScript> {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return { line: chunk.toString().trim(), kill }
}

/** Without what vitest has its own processes do. */
function environment(more?: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: '', ...more }
}
