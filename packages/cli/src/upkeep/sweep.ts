import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import { Command } from 'commander'
import { olderThanOption } from '../arguments.ts'
import { action, dryRunOption, examples } from '../command.ts'
import type { Field } from '../output/output.ts'
import { reportRemovals } from './failures.ts'

interface SweepOptions {
  olderThan: number
  dryRun?: boolean
}

export function sweepCommand(): Command {
  const command = new Command('sweep')
    .summary('delete what nobody has committed')
    .description(
      'Deletes the bytes of what nobody has committed and everybody put or released at least so long ago. Committed ' +
        'bytes are never deleted, whatever the age. A turn that is slower than the age must put again.',
    )
    .addOption(olderThanOption('such as 30m, 12h or 7d'))
  dryRunOption(command).action(
    action(async (context, { olderThan, dryRun = false }: SweepOptions) => {
      const { output, signal } = context
      const [manifest, store] = [await context.manifest(), await context.store()]
      const progressed = await output.progress('sweep')
      const report = await reclaimOrphanedAttachments(manifest, store, Date.now() - olderThan, {
        dryRun,
        signal,
        onProgress: ({ scannedIntentCount }) => progressed({ count: scannedIntentCount }),
      })
      const { scannedIntentCount, reclaimedCount, failures } = report
      const counts: Field[] = [
        ['claimedCount', scannedIntentCount],
        ['reclaimedCount', reclaimedCount],
      ]
      return reportRemovals(output, dryRun, counts, failures)
    }),
  )
  return examples(
    command,
    ['What would go', 'sweep --dry-run'],
    ['From a timer, on as many machines as you like', 'sweep --older-than 1h --quiet'],
  )
}
