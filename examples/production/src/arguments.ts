import { UsageError } from './usage-error.ts'

export interface ExampleArguments {
  /** How long the processes work. */
  seconds: number
  json: boolean
  help: boolean
}

const defaultSeconds = 15
const mostSeconds = 3600

export const usage = `Usage: pnpm demo:production [options]

Two worker processes and a sweeper on S3 and PostgreSQL, for a while; one worker is killed in the middle and
started again. Then every committed attachment is read back and hashed.

Options:
  --seconds <n>  how long to work: 2 to ${mostSeconds}, default ${defaultSeconds}
  --json         print one JSON document instead of text
  -h, --help     print this

Servers: those that LASH_TEST_POSTGRES_URL and LASH_TEST_S3_ENDPOINT, _BUCKET, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY
and _REGION name. In place of one that is not named, a private one is started. In yours, the example makes a schema and a
prefix of its own, and removes them.
`

/** Reads the command line. pnpm may pass on the `--` that separates its own options. @throws UsageError */
export function parseArguments(given: readonly string[]): ExampleArguments {
  const parsed: ExampleArguments = { seconds: defaultSeconds, json: false, help: false }
  const rest = given.slice(given[0] === '--' ? 1 : 0).values()
  for (const argument of rest) {
    if (argument === '--json') parsed.json = true
    else if (argument === '--help' || argument === '-h') parsed.help = true
    else if (argument === '--seconds') parsed.seconds = seconds(rest.next().value)
    else if (argument.startsWith('--seconds=')) parsed.seconds = seconds(argument.slice('--seconds='.length))
    else throw new UsageError(`unknown argument ${argument}; see --help`)
  }
  return parsed
}

function seconds(value: string | undefined): number {
  const number = Number(value)
  if (/^\d+$/.test(value ?? '') && number >= 2 && number <= mostSeconds) return number
  throw new UsageError(`--seconds needs a whole number from 2 to ${mostSeconds}; see --help`)
}
