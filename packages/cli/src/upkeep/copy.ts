import { type CopyManifestReport, copyManifest, copyStore } from '@lash/attachments-core/maintenance'
import { Command } from 'commander'
import { concurrencyOption, prefixOption } from '../arguments.ts'
import { collectOften } from '../collect-often.ts'
import { action, dryRunOption, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { size } from '../output/for-people.ts'
import type { Field } from '../output/output.ts'
import { UsageError } from '../usage-error.ts'
import { estimated } from './estimate.ts'
import { type ReportedFailure, reportFailures } from './failures.ts'

interface CopyOptions {
  to?: string
  toManifest?: string
  prefix: string
  concurrency: number
  dryRun?: boolean
}

interface CopiedStore {
  listedCount: number
  copiedCount: number
  copiedByteLength: number
  presentCount: number
  failures: readonly ReportedFailure[]
}

export function copyCommand(): Command {
  const command = new Command('copy')
    .summary('copy a store, and a manifest, to others')
    .description(
      'Copies everything in the store to another store: same ids, generations and metadata. What is there already is ' +
        'left as it is, so a copy that was stopped goes on when it is run again. What is damaged is not copied: it is ' +
        'named, and the exit code is 1. Both stores may be in use; what is put meanwhile comes with the next run.\n\n' +
        'With --to-manifest, then copies the manifest to an empty one, all or nothing. Sessions and sweeps must have ' +
        'ended by then, and go on with the copy. It is not copied where some of the bytes could not be: give ' +
        '--to-manifest without --to to move without them.',
    )
    .option('--to <url>', 'the store to copy to')
    .option('--to-manifest <url>', 'the manifest to copy to, which knows nothing yet')
    .addOption(prefixOption('only ids that begin with this; of the store'))
    .addOption(concurrencyOption())
  dryRunOption(command).action(action(copy))
  return examples(
    command,
    ['From a folder to a bucket, while sessions go on', 'copy --store file:/srv/attachments --to s3://bucket/prefix'],
    ['What is not there yet', 'copy --store file:/srv/attachments --to s3://bucket/prefix --dry-run'],
    [
      'The rest, and who refers to it, while they pause',
      'copy --store file:/srv/attachments --to s3://bucket/prefix \\\n' +
        '    --manifest sqlite:/srv/refs.db --to-manifest postgres://db/app',
    ],
  )
}

async function copy(context: Context, options: CopyOptions): Promise<ExitCode> {
  const { to, toManifest, dryRun = false } = options
  const { output } = context
  if (to === undefined && toManifest === undefined) {
    throw new UsageError('copy to where? Give --to URL, --to-manifest URL or both')
  }
  const store = to === undefined ? undefined : await copiedStore(context, to, options)
  const isWhole = (store?.failures.length ?? 0) === 0
  const manifest = toManifest !== undefined && isWhole ? await copiedManifest(context, toManifest, dryRun) : undefined
  const fields = [...(store ? storeFields(store) : []), ...(manifest ? manifestFields(manifest) : [])]
  await output.record({ dryRun, ...store, ...manifest }, fields)
  if (toManifest !== undefined && !isWhole) output.warn('the manifest was not copied, since some of the bytes were not')
  if (dryRun) output.remark('a dry run: nothing was changed')
  return isWhole ? exitCodes.ok : exitCodes.failed
}

async function copiedStore(context: Context, to: string, options: CopyOptions): Promise<CopiedStore> {
  const { prefix, concurrency, dryRun = false } = options
  const { output, signal } = context
  collectOften()
  const source = await context.store()
  const target = await context.openStore(to, !dryRun)
  const onProgress = estimated(await output.progress(dryRun ? 'compare' : 'copy'))
  const report = await copyStore(source, target, { prefix, concurrency, dryRun, signal, onProgress })
  return { ...report, failures: reportFailures(output, report.failures) }
}

async function copiedManifest(context: Context, to: string, dryRun: boolean): Promise<CopyManifestReport> {
  const { output, signal } = context
  const source = await context.manifest()
  const target = await context.openManifest(to, !dryRun)
  const onProgress = estimated(await output.progress(dryRun ? 'count refs' : 'copy refs'))
  return copyManifest(source, target, { dryRun, signal, onProgress })
}

function storeFields(report: CopiedStore): Field[] {
  const { listedCount, copiedCount, copiedByteLength, presentCount, failures } = report
  return [
    ['listedCount', listedCount],
    ['copiedCount', copiedCount],
    ['copiedByteLength', copiedByteLength, size(copiedByteLength)],
    ['presentCount', presentCount],
    ['failedCount', failures.length],
  ]
}

function manifestFields({ contentCount, refCount, floor }: CopyManifestReport): Field[] {
  return [
    ['contentCount', contentCount],
    ['refCount', refCount],
    ['floor', floor],
  ]
}
