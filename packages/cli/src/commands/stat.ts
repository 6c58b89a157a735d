import { type AttachmentId, AttachmentNotFoundError } from '@lash/attachments-core'
import { Command } from 'commander'
import { attachmentId } from '../arguments.ts'
import { action, examples, sessionOptions } from '../command.ts'
import type { SessionOptions } from '../context.ts'
import { isoTime, size } from '../output/for-people.ts'
import { refState } from './ref-state.ts'

export function statCommand(): Command {
  const command = new Command('stat')
    .summary('say what is known of an attachment')
    .description('Says what a store knows or, with --session, what the session knows. Reads no bytes.')
    .argument('<id>', 'of the attachment', attachmentId)
  sessionOptions(command).action(
    action(async (context, id: AttachmentId, { session, holder }: SessionOptions) => {
      const { output, signal } = context
      const view = await context.session()
      const store = view ?? (await context.store())
      const meta = await store.stat(id, { signal })
      if (meta === undefined) throw new AttachmentNotFoundError(id)
      const generations: number[] = []
      for await (const { generation } of (view?.inner ?? store).list({ prefix: id, signal })) {
        generations.push(generation)
      }
      const found = session === undefined ? undefined : await view?.manifest.lookup(session, id, { holder })
      const ref = found && {
        generation: found.generation,
        state: refState(found),
        holder: found.holder,
        intentAt: isoTime(found.intentAtEpochMs),
        committedAt: isoTime(found.committedAtEpochMs),
      }
      await output.record({ ...meta, copies: generations, ref }, [
        ['id', meta.id],
        ['byteLength', meta.byteLength, `${size(meta.byteLength)} (${meta.byteLength} bytes)`],
        ['mediaType', meta.mediaType],
        ['label', meta.label],
        ['width', meta.width],
        ['height', meta.height],
        ['copies', generations.join(' '), `at generation ${generations.join(', ')}`],
        ['generation', ref?.generation],
        ['state', ref?.state],
        ['holder', ref?.holder],
        ['intentAt', ref?.intentAt],
        ['committedAt', ref?.committedAt],
      ])
    }),
  )
  return examples(
    command,
    ['In the store', 'stat ID --store file:/srv/attachments'],
    ['Who in a chat has it', 'stat ID --session chat-42 --json'],
  )
}
