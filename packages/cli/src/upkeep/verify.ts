import { verifyStore } from '@lash/attachments-core/maintenance'
import { Command } from 'commander'
import { concurrencyOption, prefixOption } from '../arguments.ts'
import { collectOften } from '../collect-often.ts'
import { action, examples, sessionOptions } from '../command.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Column } from '../output/columns.ts'
import { withoutCredentials } from '../output/errors.ts'
import { count, size } from '../output/for-people.ts'
import type { Output } from '../output/output.ts'
import { UsageError } from '../usage-error.ts'
import { estimated } from './estimate.ts'
import { type ReportedFailure, reported } from './failures.ts'
import { ResumeFile } from './resume-file.ts'
import { readSession, type SessionRead } from './verify-session.ts'

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
      'Reads every copy in the store and compares it with its id. With --session: what the session, or with --holder ' +
        'that holder, has, of which nothing may be missing either. Lists what is damaged, and exits with 1 if anything ' +
        'is. Changes nothing. The store may be in use.',
    )
    .addOption(prefixOption())
    .addOption(concurrencyOption())
    .option('--resume <file>', 'keep in this file how far it has come, and go on from there when run again')
  sessionOptions(command).action(action(verify))
  return examples(
    command,
    ['Everything in a bucket; goes on where it was stopped', 'verify --store s3://bucket/prefix --resume verify.json'],
    ['A sixteenth of it each night', 'verify --store s3://bucket/prefix --prefix a'],
    ['What a chat can show', 'verify --session chat-42'],
    ['The ids of what is damaged', 'verify --store file:/srv/attachments --quiet | cut -f 1'],
  )
}

async function verify(context: Context, options: VerifyOptions): Promise<ExitCode> {
  const { output, signal } = context
  const view = await context.session()
  if (view === undefined) return verifyWhole(context, options)
  if (options.resume !== undefined) throw new UsageError('--resume is for a whole store: leave out --session')
  const table = output.json ? undefined : output.table(columns)
  const onProgress = await output.progress('verify')
  const startedMs = performance.now()
  const verified = await readSession(view, {
    ...options,
    signal,
    onProgress,
    onFailure: async failure => table?.row(failure),
  })
  return verdict(output, verified, verified.byteLength, startedMs)
}

async function verifyWhole(context: Context, { prefix, concurrency, resume }: VerifyOptions): Promise<ExitCode> {
  const { output, signal } = context
  collectOften()
  const store = await context.store()
  const file = new ResumeFile(resume, `${withoutCredentials(context.storeUrl ?? '')} ${prefix}`.trim())
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

  return verdict(output, state, state.byteLength - byteLength, startedMs)
}

/** @param readLength what was read since the start, in bytes: an earlier run may have read the rest. */
async function verdict(
  output: Output,
  { checkedCount, byteLength, damaged }: SessionRead,
  readLength: number,
  startedMs: number,
): Promise<ExitCode> {
  if (output.json) await output.record({ checkedCount, byteLength, damaged }, [])
  const rate = `${size((readLength / (performance.now() - startedMs)) * 1000)}/s`
  const found = damaged.length === 0 ? 'all whole' : `${damaged.length} damaged`
  output.remark(`${count(checkedCount, 'copy')}, ${size(byteLength)} (${rate}): ${found}`)
  return damaged.length === 0 ? exitCodes.ok : exitCodes.failed
}
