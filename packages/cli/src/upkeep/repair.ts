import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { repairCopies } from '@lash/attachments-core/maintenance'
import { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { action, dryRunOption, examples } from '../command.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { Column } from '../output/columns.ts'
import { count } from '../output/for-people.ts'

interface RepairOptions {
  concurrency: number
  dryRun?: boolean
}

const lostColumns: readonly Column<AttachmentManifestEntry>[] = [
  { title: 'id', width: 64, of: ref => ref.attachmentId },
  { title: 'gen', width: 3, align: 'right', of: ref => ref.generation },
  { title: 'session', width: 24, of: ref => ref.sessionId },
  { title: 'holder', width: 16, of: ref => ref.holder },
  { title: 'label', width: 24, of: ref => ref.meta?.label },
]

export function repairCommand(): Command {
  const command = new Command('repair')
    .summary('after a restore: bring back the copies that refs name')
    .description(
      'Looks whether the copy that each committed ref names is in the store. Where it is not, puts it again from ' +
        'another copy of the same bytes. Lists the refs of which there is none, and exits with 1 if there are any. Run ' +
        'it while no host, sweep or audit runs.',
    )
    .option('--concurrency <number>', 'how many blobs at the same time, 1 to 1000', wholeNumber, 8)
  dryRunOption(command).action(action(repair))
  return examples(
    command,
    ['What is missing', 'repair --dry-run --store s3://bucket/prefix --manifest postgres://db/app'],
    ['Sessions that have lost something', 'repair --quiet | cut -f 3 | sort -u'],
  )
}

async function repair(context: Context, { dryRun = false, concurrency }: RepairOptions): Promise<ExitCode> {
  const { output, signal } = context
  const [manifest, store] = [await context.manifest(), await context.store()]
  const onProgress = await output.progress(dryRun ? 'look' : 'repair')
  const options = { dryRun, concurrency, signal, onProgress }
  const { checkedCount, repairedCount, lost } = await repairCopies(manifest, store, options)
  if (output.json) {
    await output.record({ dryRun, checkedCount, repairedCount, lost }, [])
  } else {
    const table = output.table(lostColumns)
    for (const ref of lost) await table.row(ref)
  }
  const repaired = `${repairedCount} ${dryRun ? 'to be put again' : 'put again'}`
  output.remark(`${count(checkedCount, 'attachment')}, ${repaired}, ${count(lost.length, 'ref')} lost`)
  return lost.length === 0 ? exitCodes.ok : exitCodes.failed
}
