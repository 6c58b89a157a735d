import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root, runCommand } from './step.ts'

export type RuntimeName = 'node' | 'bun' | 'deno'

/** A JavaScript runtime that is installed where it harms no other. */
export interface Runtime {
  readonly name: RuntimeName
  /** As the runtime says it. */
  readonly version: string
  readonly program: string
  /** What comes before the file to run. */
  readonly runArguments: readonly string[]
}

const runArguments: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: [],
  bun: ['run'],
  deno: ['run', '--allow-all', '--quiet'],
}

/** The Node that this runs on: the one that the workspace pins. */
export function pinnedNode(): Runtime {
  return { name: 'node', version: process.versions.node, program: process.execPath, runArguments: [] }
}

/**
 * A runtime from npm, kept beside the workspace's packages for the next time.
 * @param version - a version, the beginning of one, or `latest`.
 * @throws Error when it cannot be had.
 */
export async function installRuntime(name: RuntimeName, version: string): Promise<Runtime> {
  const exact = await exactVersion(name, version)
  const folder = join(root, 'node_modules', '.cache', 'runtimes', `${name}-${exact}`)
  const program = join(folder, 'node_modules', '.bin', name)
  if (!existsSync(program)) {
    const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', `${name}@${exact}`]
    if ((await runCommand('npm', install, { quiet: true })) !== 0)
      throw new Error(`${name} ${exact} could not be installed`)
  }
  return { name, version: exact, program, runArguments: runArguments[name] }
}

/** The newest version that begins so. */
async function exactVersion(name: RuntimeName, version: string): Promise<string> {
  const view = ['view', '--json', `${name}@${version}`, 'version']
  const { stdout } = await promisify(execFile)('npm', view).catch(() => ({ stdout: '' }))
  if (stdout.trim() === '') throw new Error(`npm knows no ${name} ${version}`)
  const found = JSON.parse(stdout) as string | string[]
  return typeof found === 'string' ? found : (found.at(-1) as string)
}
