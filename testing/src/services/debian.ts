import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** For people: what installs the packages. */
export function installCommandOf(packages: readonly string[]): string {
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`
}

/** Where the program is on the PATH. */
export function pathOf(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map(folder => join(folder, program)).find(path => existsSync(path))
}

/** Whether every one of the programs is on the PATH. */
export function areInstalled(programs: readonly string[]): boolean {
  return programs.every(program => pathOf(program) !== undefined)
}

/** Whether this process may install packages: root, on Debian or a descendant, and not told otherwise. */
export function mayInstall(): boolean {
  if (process.env.LASH_TEST_INSTALL === '0' || process.getuid?.() !== 0) return false
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}

let updated: Promise<void> | undefined

/** Installs the packages. Rejects with what the package manager said last. */
export async function install(packages: readonly string[]): Promise<void> {
  updated ??= aptGet('update')
  // What failed once may be tried again by the next.
  await updated.catch(error => {
    updated = undefined
    throw error
  })
  await aptGet('install', '-y', '--no-install-recommends', ...packages)
}

function aptGet(...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // Another run may be installing at this moment.
    const child = spawn('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', reject)
    child.once('close', code =>
      code === 0 ? resolve() : reject(new Error(`apt-get ${args[0]} ended with ${code}: ${said.trim()}`)),
    )
  })
}
