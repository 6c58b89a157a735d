import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Operation } from './operations.ts'
import { parseStrace, tracedCalls } from './strace-log.ts'

/** Where strace is, or undefined. */
export const strace: string | undefined = (process.env.PATH ?? '')
  .split(delimiter)
  .map(folder => join(folder, 'strace'))
  .find(existsSync)

/**
 * Why strace cannot be used here, or undefined when it can. Where `CI` is true, a Linux without a working strace is an
 * error instead.
 */
export const cannotRecord: string | undefined = findObstacle()

function findObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'strace runs on Linux only'
  const obstacle =
    strace === undefined
      ? 'strace is not installed'
      : spawnSync(strace, ['-qq', '-o', '/dev/null', 'true']).status !== 0
        ? 'strace may not trace processes here'
        : undefined
  if (obstacle !== undefined && process.env.CI === 'true') {
    throw new Error(`tests that need strace cannot run: ${obstacle}`)
  }
  return obstacle
}

/**
 * Runs Node under strace and gives what it did to files in the folder, which must exist. The arguments are those of
 * Node: its options, the script, and the script's own. A script may end by killing itself with SIGKILL; any other
 * failure rejects.
 */
export async function record(folder: string, ...nodeArguments: string[]): Promise<Operation[]> {
  const logFolder = await mkdtemp(join(tmpdir(), 'strace-'))
  const log = join(logFolder, 'log')
  try {
    const traced = ['-f', '-qq', '-xx', '-s', '4194304', '-e', 'signal=none', '-e', `trace=${tracedCalls.join(',')}`]
    try {
      await promisify(execFile)(strace as string, [...traced, '-o', log, process.execPath, ...nodeArguments], {
        env: { ...process.env, NODE_OPTIONS: '', UV_USE_IO_URING: '0' },
      })
    } catch (error) {
      // strace ends as what it traced has ended.
      if ((error as { signal?: string }).signal !== 'SIGKILL') throw error
    }
    return parseStrace(await readFile(log, 'latin1'), folder)
  } finally {
    await rm(logFolder, { recursive: true, force: true })
  }
}
