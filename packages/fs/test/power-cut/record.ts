import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Operation } from './operations.ts'
import { parseStrace, tracedCalls } from './strace-log.ts'

const strace = ['/usr/bin/strace', '/bin/strace', '/usr/local/bin/strace'].find(existsSync)

/** Why nothing can be recorded here, or undefined when it can. */
export const cannotRecord: string | undefined =
  process.platform !== 'linux'
    ? 'strace runs on Linux only'
    : strace === undefined
      ? 'strace is not installed'
      : undefined

/**
 * Runs a Node script under strace and gives what it did to files in the folder. The folder must exist and be empty. Arguments reach the
 * script as they are.
 */
export async function record(folder: string, script: string, ...args: string[]): Promise<Operation[]> {
  const logFolder = await mkdtemp(join(tmpdir(), 'strace-'))
  const log = join(logFolder, 'log')
  try {
    const traced = ['-f', '-qq', '-xx', '-s', '4194304', '-e', 'signal=none', '-e', `trace=${tracedCalls.join(',')}`]
    await promisify(execFile)(strace as string, [...traced, '-o', log, process.execPath, script, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', UV_USE_IO_URING: '0' },
    })
    return parseStrace(await readFile(log, 'latin1'), folder)
  } finally {
    await rm(logFolder, { recursive: true, force: true })
  }
}
