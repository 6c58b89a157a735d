import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runAtExit } from './exit-tasks.ts'
import { messageOf, UsageError } from './failure.ts'

export interface DemoFolder extends Disposable {
  path: string
  /** It stays when the demo is over. */
  kept: boolean
}

/**
 * A folder to work in: the given one, which must be new or empty, or a temporary one that is gone when the process ends.
 * @throws UsageError
 */
export function openFolder(directory: string | undefined): DemoFolder {
  if (directory !== undefined) {
    makeEmpty(directory)
    return { path: directory, kept: true, [Symbol.dispose]() {} }
  }
  const path = mkdtempSync(join(tmpdir(), 'attachments-quickstart-'))
  const remove = runAtExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
  return { path, kept: false, [Symbol.dispose]: remove }
}

function makeEmpty(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
    if (readdirSync(directory).length === 0) return
  } catch (error) {
    throw new UsageError(`cannot use the folder ${directory}: ${messageOf(error)}`)
  }
  throw new UsageError(`the folder ${directory} is not empty; give --dir a new one`)
}
