import {
  type AttachmentId,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
  AttachmentNotFoundError,
  type AttachmentStore,
} from '@lash/attachments-core'
import { Command } from 'commander'
import { attachmentIds } from '../arguments.ts'
import { action, dryRunOption, examples, sessionOptions } from '../command.ts'
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { Column } from '../output/columns.ts'
import { size } from '../output/for-people.ts'
import { UsageError } from '../usage-error.ts'

interface RmOptions {
  dryRun?: boolean
  force?: boolean
}

interface Removal {
  id: AttachmentId
  byteLength?: number | undefined
  dryRun: boolean
}

const columns: readonly Column<Removal>[] = [
  { title: 'id', width: 64, of: row => row.id },
  { title: 'size', width: 8, align: 'right', of: row => row.byteLength, forPeople: row => size(row.byteLength) },
]

export function rmCommand(): Command {
  const command = new Command('rm')
    .summary('let go of attachments')
    .description(
      'With --session: releases what the session, or with --holder that holder, has, and deletes the bytes when nobody ' +
        'else refers to them. Without: deletes every copy from the store, whoever refers to it; that takes --force.',
    )
    .argument('<ids...>', 'of the attachments', attachmentIds)
    .option('-f, --force', 'without a session: delete what sessions may refer to')
  dryRunOption(sessionOptions(command)).action(
    action(async (context, ids: readonly AttachmentId[], { dryRun = false, force }: RmOptions) => {
      const { output, signal } = context
      const view = await context.session()
      if (view === undefined && !force && !dryRun) {
        throw new UsageError(
          'for which session? Give --session ID, or --force to delete bytes that sessions may refer to',
        )
      }
      const store = view ?? (await context.store())
      const table = output.table(columns)
      let exitCode: ExitCode = exitCodes.ok
      for (const id of new Set(ids)) {
        try {
          const found = view === undefined ? await statEvenDamaged(store, id, signal) : await view.ref(id, { signal })
          if (found === undefined) throw new AttachmentNotFoundError(id)
          if (!dryRun) await store.delete(id, { signal })
          await table.row({ id, byteLength: found.byteLength, dryRun })
        } catch (error) {
          signal.throwIfAborted()
          if (exitCodeOf(error) !== exitCodes.failed) throw error
          output.failed(error)
          exitCode = exitCodes.failed
        }
      }
      if (dryRun) output.remark('a dry run: nothing was changed')
      return exitCode
    }),
  )
  return examples(
    command,
    ['A message lets go of what it has', 'rm ID --session chat-42 --holder message-7'],
    ['Damaged bytes, before they are put again', 'rm ID --force --store file:/srv/attachments'],
  )
}

/** Bytes whose metadata is damaged can go as well. */
async function statEvenDamaged(
  store: AttachmentStore,
  id: AttachmentId,
  signal: AbortSignal,
): Promise<{ byteLength?: number } | undefined> {
  try {
    return await store.stat(id, { signal })
  } catch (error) {
    if (AttachmentMissingMetaError.isInstance(error) || AttachmentMetadataDecodeError.isInstance(error)) return {}
    throw error
  }
}
