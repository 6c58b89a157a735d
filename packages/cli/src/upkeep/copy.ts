import { copyStore } from '@lash/attachments-core/maintenance'
import { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { action, dryRunOption, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { size } from '../output/for-people.ts'
import { estimated } from './estimate.ts'
import { reportFailures } from './failures.ts'

interface CopyOptions {
  to: string
  prefix: string
  concurrency: number
  dryRun?: boolean
}

export function copyCommand(): Command {
  const command = new Command('copy')
    .summary('copy a store to another one')
    .description(
      'Copies everything in the store to another store: same ids, generations and metadata. What is there already is ' +
        'left as it is, so a copy that was stopped goes on when it is run again. What is damaged is not copied: it is ' +
        'listed, and the exit code is 1. Both stores may be in use; what is put meanwhile comes with the next run.',
    )
    .requiredOption('--to <url>', 'the store to copy to')
    .option('--prefix <hex>', 'only ids that begin with this', '')
    .option('--concurrency <number>', 'how many blobs at the same time, 1 to 1000', wholeNumber, 8)
  dryRunOption(command).action(action(copy))
  return examples(
    command,
    ['From a folder to a bucket', 'copy --store file:/srv/attachments --to s3://bucket/prefix'],
    ['What is not there yet', 'copy --store file:/srv/attachments --to s3://bucket/prefix --dry-run'],
  )
}

async function copy(context: Context, { to, prefix, concurrency, dryRun = false }: CopyOptions): Promise<ExitCode> {
  const { output, signal } = context
  const source = await context.store()
  const target = await context.openStore(to, !dryRun)
  const onProgress = estimated(output.progress(dryRun ? 'compare' : 'copy'))
  const report = await copyStore(source, target, { prefix, concurrency, dryRun, signal, onProgress })
  const { listedCount, copiedCount, copiedByteLength, presentCount } = report
  const failures = reportFailures(output, report.failures)
  await output.record({ dryRun, listedCount, copiedCount, copiedByteLength, presentCount, failures }, [
    ['listedCount', listedCount],
    ['copiedCount', copiedCount],
    ['copiedByteLength', copiedByteLength, size(copiedByteLength)],
    ['presentCount', presentCount],
    ['failedCount', failures.length],
  ])
  if (dryRun) output.remark('a dry run: nothing was changed')
  return failures.length === 0 ? exitCodes.ok : exitCodes.failed
}
