import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface CommandLineOptions {
  /** Added to the environment of this process, without what it says of stores and colours. */
  readonly env?: NodeJS.ProcessEnv
  /** Run on a terminal of that many columns: both outputs are then in `stdout`. */
  readonly terminal?: number
  /** Sends the signal as soon as the condition holds for what the program has said. */
  readonly end?: { with: NodeJS.Signals; when(output: { stdout: string; stderr: string }): boolean }
}

const entry = import.meta.resolve('@lash/attachments-cli')
/** What `npx lash-attachments` runs, as it is installed. */
export const program: string = fileURLToPath(new URL(entry.endsWith('.ts') ? 'main.ts' : 'main.js', entry))

/** Runs the program to its end, as a process of its own. */
export async function lashAttachments(args: readonly string[], options: CommandLineOptions = {}): Promise<Ended> {
  const { terminal, end } = options
  const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '', FORCE_COLOR: undefined, ...options.env }
  const [command = '', ...given] =
    terminal === undefined
      ? [process.execPath, program, ...args]
      : ['script', '--quiet', '--return', '--command', onTerminal(args, terminal), '/dev/null']
  const child = spawn(command, given, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      output[name] += text
      if (end?.when(output)) child.kill(end.with)
    })
  }
  const [code, signal] = await once(child, 'close')
  return { code, signal, ...output }
}

function onTerminal(args: readonly string[], columns: number): string {
  const quoted = [process.execPath, program, ...args].map(part => `'${part.replaceAll("'", "'\\''")}'`)
  return `stty columns ${columns}; ${quoted.join(' ')}`
}
