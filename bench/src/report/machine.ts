import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { basename } from 'node:path'

/** What the figures were measured on, without anything that tells whose machine it is. */
export interface Machine {
  node: string
  system: string
  cores: number
  processor: string
  memoryGiB: number
  date: string
  /** Of the folder in which the files are made, and whether it has a journal, where the system says so. */
  fileSystem: string | undefined
  /** What was measured; with `-dirty` when the working tree had changes. */
  commit: string | undefined
}

export async function describeMachine(folder: string = tmpdir()): Promise<Machine> {
  return {
    node: process.version,
    system: `${type()} ${release().replace(/-.*/, '')}`,
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    date: new Date().toISOString().slice(0, 10),
    fileSystem: fileSystemOf(realpathSync(folder)),
    commit: commitHere(),
  }
}

function fileSystemOf(folder: string): string | undefined {
  if (!existsSync('/proc/self/mountinfo')) return undefined
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const [type, device] = mounts
    .map(line => line.split(' '))
    .filter(({ 4: place = '' }) => place === '/' || place === folder || folder.startsWith(`${place}/`))
    // Of two mounts of one place, the later is seen.
    .reduce((best, fields) => ((fields[4]?.length ?? 0) >= (best[4]?.length ?? 0) ? fields : best), [])
    .slice(-3)
  if (type !== 'ext4' || device === undefined || !existsSync('/proc/fs/ext4')) return type
  const journals = existsSync('/proc/fs/jbd2') ? readdirSync('/proc/fs/jbd2') : []
  const has = journals.some(name => name.startsWith(`${basename(device)}-`))
  return `${type} ${has ? 'with' : 'without'} a journal`
}

function commitHere(): string | undefined {
  try {
    const words = ['-C', import.meta.dirname, 'describe', '--always', '--dirty', '--abbrev=7', '--exclude=*']
    return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
