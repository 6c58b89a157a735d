import { withoutUrlCredentials } from '@lash/attachments-core/backend'
import { verifyStore } from '@lash/attachments-core/maintenance'
import { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { action, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Column } from '../output/columns.ts'
import { count, size } from '../output/for-people.ts'
import { estimated } from './estimate.ts'
import { type ReportedFailure, reported } from './failures.ts'
import { ResumeFile } from './resume-file.ts'

interface VerifyOptions {
  prefix: string
  concurrency: number
  resume?: string
}

const columns: readonly Column<ReportedFailure>[] = [
  { title: 'id', width: 64, of: failure => failure.id },
  { title: 'gen', width: 3, align: 'right', of: failure => failure.generation },
  { title: 'code', width: 15, of: failure => failure.code },
  { title: 'what is wrong', width: 60, of: failure => failure.message },
]

export function verifyCommand(): Command {
  const command = new Command('verify')
    .summary('read and hash everything in a store')
    .description(
      'Reads every copy in the store and compares it with its id. Lists what is damaged, and exits with 1 if anything ' +
        'is. Changes nothing. The store may be in use.',
    )
    .option('--prefix <hex>', 'only ids that begin with this', '')
    .option('--concurrency <number>', 'how many blobs at the same time, 1 to 1000', wholeNumber, 8)
    .option('--resume <file>', 'keep in this file how far it has come, and go on from there when run again')
    .action(action(verify))
  return examples(
    command,
    ['Everything in a bucket; goes on where it was stopped', 'verify --store s3://bucket/prefix --resume verify.json'],
    ['A sixteenth of it each night', 'verify --store s3://bucket/prefix --prefix a'],
    ['The ids of what is damaged', 'verify --store file:/srv/attachments --quiet | cut -f 1'],
  )
}

async function verify(context: Context, { prefix, concurrency, resume }: VerifyOptions): Promise<ExitCode> {
  const { output, signal } = context
  const store = await context.store()
  const file = new ResumeFile(resume, `${withoutUrlCredentials(context.storeUrl ?? '')} ${prefix}`.trim())
  const { state } = file
  const { after, checkedCount, byteLength } = state
  if (after !== undefined) output.remark(`going on after ${count(checkedCount, 'copy')}, ${size(byteLength)}`)

  const table = output.json ? undefined : output.table(columns)
  for (const row of state.damaged) await table?.row(row)
  let shown = Promise.resolve()
  let found = 0
  const show = estimated(await output.progress('verify'))
  const startedMs = performance.now()
  try {
    await verifyStore(store, {
      prefix,
      concurrency,
      after,
      signal,
      onProgress: now => {
        show(now)
        for (const row of (now.failures ?? []).slice(found).map(reported)) {
          found++
          state.damaged.push(row)
          shown = shown.then(() => table?.row(row))
        }
        state.after = now.upTo
        state.checkedCount = checkedCount + now.count
        state.byteLength = byteLength + now.byteLength
        file.keep()
      },
    })
  } catch (error) {
    file.save()
    if (signal.aborted && resume !== undefined) output.remark('stopped: run it again to go on')
    throw error
  } finally {
    await shown
  }
  file.remove()

  const { damaged } = state
  if (output.json) {
    await output.record({ checkedCount: state.checkedCount, byteLength: state.byteLength, damaged }, [])
  }
  const tookMs = performance.now() - startedMs
  const rate = `${size(((state.byteLength - byteLength) / tookMs) * 1000)}/s`
  const verdict = damaged.length === 0 ? 'all whole' : `${damaged.length} damaged`
  output.remark(`${count(state.checkedCount, 'copy')}, ${size(state.byteLength)} (${rate}): ${verdict}`)
  return damaged.length === 0 ? exitCodes.ok : exitCodes.failed
}
