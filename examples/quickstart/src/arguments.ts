import { UsageError } from './failure.ts'

export interface DemoArguments {
  /** As they were given; none: the example's own files. */
  paths: string[]
  /** A folder to make and keep. Undefined: a temporary one. */
  directory: string | undefined
  json: boolean
  help: boolean
}

export const usage = `Usage: pnpm demo [options] [files...]

Stores files as attachments of a session, commits them, lets another process crash before its
commit, sweeps what that one left, and reads every committed byte back.

Without files it takes those of the example, and one of 30 MB that it makes on the fly.

Options:
  --dir <folder>  work in this new or empty folder, and keep it; without it: in a temporary folder
  --json          print one JSON document instead of text
  -h, --help      print this

A file whose name begins with a dash goes after "--", or is written as ./-name.
`

/**
 * Reads the command line. A leading `--` may be there because pnpm passes on the one that separates its own options: options
 * are still understood after it, and whatever else begins with a dash is a file. After a later `--` everything is a file.
 * @throws UsageError
 */
export function parseArguments(given: readonly string[]): DemoArguments {
  const parsed: DemoArguments = { paths: [], directory: undefined, json: false, help: false }
  const separated = given[0] === '--'
  const rest = given.slice(separated ? 1 : 0).values()
  for (const argument of rest) {
    if (argument === '--') parsed.paths.push(...rest)
    else if (argument === '--json') parsed.json = true
    else if (argument === '--help' || argument === '-h') parsed.help = true
    else if (argument === '--dir') parsed.directory = directory(rest.next().value)
    else if (argument.startsWith('--dir=')) parsed.directory = directory(argument.slice('--dir='.length))
    else if (argument.startsWith('-') && !separated) throw new UsageError(`unknown option ${argument}; see --help`)
    else parsed.paths.push(argument)
  }
  return parsed
}

function directory(value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError('--dir needs the path of a folder; see --help')
  return value
}
