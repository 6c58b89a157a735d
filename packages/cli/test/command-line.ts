import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface CommandLineOptions {
  /** Added to the environment of this process, without what it says of stores and colours. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What it reads. Default: nothing. */
  readonly input?: string
  /** Where its standard output goes, as a file descriptor. Default: a pipe. */
  readonly stdout?: number
  /** Sends the signal once, as soon as the condition holds for what the program has said. */
  readonly end?: { with: NodeJS.Signals; when(output: { stdout: string; stderr: string }): boolean }
}

const entry = import.meta.resolve('@lash/attachments-cli')
/** What `npx lash-attachments` runs, as it is installed. */
export const program: string = fileURLToPath(new URL(entry.endsWith('.ts') ? 'main.ts' : 'main.js', entry))

export interface Started {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>
}

/** Starts the program as a process of its own, with pipes. It is killed after the test, if not before. */
export function start(args: readonly string[], options: CommandLineOptions = {}): Started {
  return started(process.execPath, [program, ...args], options)
}

/** Runs the program to its end. */
export async function lashAttachments(args: readonly string[], options: CommandLineOptions = {}): Promise<Ended> {
  const { child, ended } = start(args, options)
  child.stdin.end(options.input)
  let { end } = options
  const output = heard(child, said => {
    if (!end?.when(said)) return
    child.kill(end.with)
    end = undefined
  })
  const [code, signal] = await ended
  return { code, signal, ...output }
}

/** A command line, and how wide the terminal is. */
export type OnTerminal = readonly [columns: number, line: string]

/**
 * Runs command lines one after the other on one terminal, and gives what each has written there: without colours, with
 * ␛ for every other escape, and with its exit code in the last line. The one that says `interrupted` is ended as by
 * Ctrl-C.
 */
export async function onTerminal(
  lines: readonly OnTerminal[],
  interrupted: string,
  options: CommandLineOptions,
): Promise<string[]> {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const run = `lash() { ${quoted(process.execPath)} ${quoted(program)} "$@"; echo "exit code $?"; echo '${nextMark}'; }`
  // The shell goes on after Ctrl-C, as one does that a person sits at.
  const script = [run, "trap ':' INT", ...lines.map(([columns, line]) => `stty columns ${columns}; lash ${line}`)]
  const args = ['--quiet', '--return', '--command', script.join('\n'), '/dev/null']
  const { child, ended } = started('script', args, options)
  let isInterrupted = false
  const output = heard(child, ({ stdout }) => {
    if (isInterrupted || !stdout.includes(interrupted)) return
    isInterrupted = true
    child.stdin.write('\x03')
  })
  await ended
  const text = output.stdout.replaceAll('\r\n', '\n').replaceAll('\x1b', '␛')
  return text
    .replace(/␛\[\d+m/g, '')
    .split(`${nextMark}\n`)
    .slice(0, -1)
}

const nextMark = '-- next --'

function started(command: string, args: readonly string[], options: CommandLineOptions): Started {
  const { env, cwd, stdout = 'pipe' } = options
  const child = spawn(command, args, {
    env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '', FORCE_COLOR: undefined, ...env },
    cwd,
    stdio: ['pipe', stdout, 'pipe'],
  }) as ChildProcessWithoutNullStreams
  onTestFinished(() => void child.kill('SIGKILL'))
  // It may end without having read all.
  child.stdin.on('error', () => {})
  return { child, ended: once(child, 'close') as Started['ended'] }
}

/** What the program says, as it comes. */
function heard(
  child: ChildProcessWithoutNullStreams,
  onNews: (output: { stdout: string; stderr: string }) => void,
): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      output[name] += text
      onNews(output)
    })
  }
  return output
}
