import { Command } from 'commander'
import { action, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { examineBackend } from '../doctor/backends/examine.ts'
import { type Finding, type FindingLevel, finding } from '../doctor/finding.ts'
import { examineMachine } from '../doctor/machine.ts'
import { lookIn, tryManifest } from '../doctor/manifest-round-trip.ts'
import { messageOf } from '../doctor/message-of.ts'
import { tryStore } from '../doctor/round-trip.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Column } from '../output/columns.ts'
import { count, printable } from '../output/for-people.ts'
import type { Output } from '../output/output.ts'
import { UsageError } from '../usage-error.ts'

/** A finding, and what it is about. */
type Row = Finding & { readonly about: 'machine' | 'store' | 'manifest' }

const columns: readonly Column<Row>[] = [
  { title: 'about', width: 8, of: row => row.about },
  { title: 'level', width: 7, of: row => row.level },
  { title: 'check', width: 20, of: row => row.check },
  { title: 'finding', width: 40, of: row => row.message },
  { title: 'what to do', width: 40, of: row => row.advice },
]

const looks: Readonly<Record<FindingLevel, readonly [sign: string, style: 'green' | 'blue' | 'yellow' | 'red']>> = {
  ok: ['✔', 'green'],
  note: ['ℹ', 'blue'],
  warning: ['⚠', 'yellow'],
  problem: ['✖', 'red'],
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('find out what is wrong with a set-up')
    .description(
      'Looks at the store, at the manifest and at this machine: rights, clocks, space, settings of the server that cost ' +
        'bytes or time. Puts, reads and deletes a few attachments of its own, 9 MiB together, and makes the store and ' +
        'the manifest where there are none. Says what to do about what it finds; exits with 1 if something does not ' +
        'work or loses bytes.\n\n' +
        'A ref that is recorded and forgotten leaves a trace, and refs are copied only into a manifest that was never ' +
        'used: before `copy --to-manifest`, give --no-refs.',
    )
    .option('--no-refs', 'record no ref in the manifest, which stays new if it is')
    .action(action(doctor))
  return examples(
    command,
    ['Before going live', 'doctor --store s3://bucket/prefix --manifest postgres://db/app'],
    ['Of a place that `copy` will fill', 'doctor --store s3://bucket/prefix --manifest postgres://db/app --no-refs'],
    ['For a script', 'doctor --store file:/srv/attachments --json | jq \'select(.level == "problem")\''],
  )
}

async function doctor(context: Context, { refs }: { refs: boolean }): Promise<ExitCode> {
  const { storeUrl, manifestUrl, output } = context
  if (storeUrl === undefined && manifestUrl === undefined) {
    throw new UsageError('a doctor for what? Give --store URL, --manifest URL or both')
  }
  const tell = output.isForPeople ? tellPeople(output) : output.table(columns).row
  const levels: FindingLevel[] = []
  for await (const row of examine(context, refs)) {
    levels.push(row.level)
    await tell(row)
  }
  const [problems, warnings] = (['problem', 'warning'] as const).map(
    level => levels.filter(one => one === level).length,
  )
  output.remark(`${count(problems ?? 0, 'problem')}, ${count(warnings ?? 0, 'warning')}`)
  return problems === 0 ? exitCodes.ok : exitCodes.failed
}

async function* examine(context: Context, withRefs: boolean): AsyncGenerator<Row, void, void> {
  const { storeUrl, manifestUrl, signal } = context
  for (const each of await examineMachine()) yield { about: 'machine', ...each }
  if (storeUrl !== undefined) {
    // Opened first: it makes what is not there yet.
    const findings = await triedOr(async () => tryStore(await context.store(true), signal))
    for (const each of [...(await examineBackend(storeUrl, signal)), ...findings]) yield { about: 'store', ...each }
  }
  signal.throwIfAborted()
  if (manifestUrl !== undefined) {
    const findings = await triedOr(async () => {
      const manifest = await context.manifest(true)
      return withRefs ? tryManifest(manifest) : lookIn(manifest)
    })
    for (const each of [...(await examineBackend(manifestUrl, signal)), ...findings])
      yield { about: 'manifest', ...each }
  }
}

/** A store or a manifest that cannot be opened is a finding. */
async function triedOr(attempt: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof UsageError) throw error
    return [finding('problem', 'open', messageOf(error), 'put that right first')]
  }
}

/** One line for each finding, and one for its advice, in parts. */
function tellPeople(output: Output): (row: Row) => Promise<void> {
  let part: string | undefined
  return async ({ about, level, check, message, advice }) => {
    if (about !== part) await output.line(output.style('bold', about, process.stdout))
    part = about
    const [sign, style] = looks[level]
    await output.line(`  ${output.style(style, sign, process.stdout)} ${check.padEnd(19)} ${printable(message)}`)
    if (advice !== undefined)
      await output.line(`    ${' '.repeat(19)} ${output.style('dim', `→ ${printable(advice)}`, process.stdout)}`)
  }
}
