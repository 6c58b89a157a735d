import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** What one part of the test command did. */
export interface Outcome {
  passed: number
  failed: number
  skipped: number
  /** What failed, a line each, where the part knows: for the end of the run. */
  failures?: readonly string[]
}

export interface Step {
  title: string
  run(): Promise<Outcome>
}

export interface CommandOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** What it prints is shown only when it fails. */
  quiet?: boolean
}

/** A step that is one command: passed when it exits with 0. */
export function commandStep(title: string, command: string, args: readonly string[], options?: CommandOptions): Step {
  return { title, run: async () => outcomeOf((await runCommand(command, args, options)) === 0) }
}

export function outcomeOf(ok: boolean): Outcome {
  return ok ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

/** Runs a command with its output on ours, and returns its exit code. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    const printed: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => printed.push(chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const exitCode = code ?? (signal === null ? 1 : 128)
      if (exitCode !== 0) process.stderr.write(Buffer.concat(printed))
      resolve(exitCode)
    })
  })
}

/** What failed, and the beginning of why, in one line. */
export function failureLine(what: string, message = ''): string {
  return `${what}: ${message.replaceAll(/\s*\n\s*/g, ' | ').slice(0, 400)}`
}

export function sumOf(outcomes: Iterable<Outcome>): Required<Outcome> {
  const sum = { passed: 0, failed: 0, skipped: 0, failures: [] as string[] }
  for (const { passed, failed, skipped, failures = [] } of outcomes) {
    sum.passed += passed
    sum.failed += failed
    sum.skipped += skipped
    sum.failures.push(...failures)
  }
  return sum
}
