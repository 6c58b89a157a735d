import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ProjectOptions } from './project.ts'
import { isRunnerName, runners } from './runners.ts'

export const usage: string = `npm create @lash/attachments-backend <folder> -- [options]

  <folder>            a new one, or one that is empty; its name is that of the package
  --store             a store alone
  --manifest          a manifest alone; default: a store and a manifest
  --runner <runner>   ${Object.keys(runners).join(', ')}; default: vitest
  --help`

export interface Request extends ProjectOptions {
  /** The whole path. */
  readonly folder: string
}

/**
 * Reads the arguments of the command. Undefined when it was asked for help.
 * @throws Error that says what is wrong.
 */
export function readArguments(args: readonly string[]): Request | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      store: { type: 'boolean', default: false },
      manifest: { type: 'boolean', default: false },
      runner: { type: 'string', default: 'vitest' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { store, manifest, runner, help } = values
  if (help) return undefined
  const [given] = positionals
  if (given === undefined || positionals.length > 1) throw new Error('give the name of one folder')
  const folder = resolve(given)
  if (!isRunnerName(runner)) throw new Error(`there is no runner ${runner}: ${Object.keys(runners).join(', ')}`)
  return { folder, name: basename(folder), runner, store: store || !manifest, manifest: manifest || !store }
}
