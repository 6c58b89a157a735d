import { reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { Command } from 'commander'
import { olderThanOption, ratio } from '../arguments.ts'
import { collectOften } from '../collect-often.ts'
import { action, dryRunOption, examples } from '../command.ts'
import { size } from '../output/for-people.ts'
import type { Field } from '../output/output.ts'
import { reportRemovals } from './failures.ts'

interface AuditOptions {
  olderThan: number
  maxDeleteRatio?: number
  dryRun?: boolean
}

export function auditCommand(): Command {
  const command = new Command('audit')
    .summary('delete what the manifest has no use for')
    .description(
      'Goes through the whole store, and deletes what no session refers to: the slow and thorough sweep. The manifest ' +
        'must be that of every session of the store. When suspiciously much would go, nothing does, with exit code 4.',
    )
    .addOption(olderThanOption('leave what was modified since, such as 12h'))
    .option('--max-delete-ratio <ratio>', 'the most that may go, from 0 to 1 (default: 0.5)', ratio)
  dryRunOption(command).action(
    action(async (context, { olderThan, maxDeleteRatio, dryRun = false }: AuditOptions) => {
      const { output, signal } = context
      collectOften()
      const [manifest, store] = [await context.manifest(), await context.store()]
      const progressed = await output.progress('audit')
      const report = await reclaimUnreferencedAttachments(manifest, store, Date.now() - olderThan, {
        dryRun,
        maxDeleteRatio,
        signal,
        onProgress: ({ scannedIntentCount }) => progressed({ count: scannedIntentCount }),
      })
      const { scannedIntentCount, unreferencedCount, unreferencedByteLength, reclaimedCount, failures } = report
      const counts: Field[] = [
        ['scannedCount', scannedIntentCount],
        ['unreferencedCount', unreferencedCount],
        ['unreferencedByteLength', unreferencedByteLength, size(unreferencedByteLength)],
        ['reclaimedCount', reclaimedCount],
      ]
      return reportRemovals(output, dryRun, counts, failures)
    }),
  )
  return examples(
    command,
    ['What would go', 'audit --dry-run'],
    ['Once a week, beside the sweep', 'audit --older-than 7d --quiet'],
  )
}
