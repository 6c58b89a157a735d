import { type Given, readArguments, runCommand, UsageError, whenInterrupted } from '../../quickstart/src/command.ts'
import { Terminal } from '../../quickstart/src/terminal.ts'
import { runDemo } from './demo.ts'
import { withGround } from './ground.ts'
import type { ProductionReport } from './report.ts'
import { TextView } from './text-view.ts'

const defaultSeconds = '15'
const mostSeconds = 3600

const usage = `Usage: pnpm demo:production [options]

Two worker processes and a sweeper on S3 and PostgreSQL, for a while; one worker is killed in the middle and
started again. Then every committed attachment is read back and hashed.

Options:
  --seconds <n>  how long to work: 2 to ${mostSeconds}, default ${defaultSeconds}
  --json         print one JSON document instead of text
  -h, --help     print this

Servers: those that LASH_TEST_POSTGRES_URL and LASH_TEST_S3_ENDPOINT, _BUCKET, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY
and _REGION name. In place of one that is not named, a private one is started. In yours, the example makes a
schema and a prefix of its own, and removes them.
`

function read(): Given {
  const given = readArguments(process.argv.slice(2), { seconds: { type: 'string', default: defaultSeconds } }, false)
  const { seconds } = given.values
  if (/^\d+$/.test(String(seconds)) && Number(seconds) >= 2 && Number(seconds) <= mostSeconds) return given
  throw new UsageError(`--seconds needs a whole number from 2 to ${mostSeconds}; see --help`)
}

async function demonstrate({ values }: Given): Promise<ProductionReport> {
  const view = values.json ? undefined : new TextView(new Terminal(process.stdout))
  view?.opening()
  const say = (line: string) => process.stderr.write(`${line}\n`)
  return withGround(say, ground => runDemo(ground, Number(values.seconds), interrupted, view))
}

const interrupted = whenInterrupted()
await runCommand(usage, read, demonstrate)
