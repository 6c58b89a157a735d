import { Command } from 'commander'
import { collectOften } from '../collect-often.ts'
import { action, examples, sessionOptions } from '../command.ts'
import { count, size } from '../output/for-people.ts'

export function usageCommand(): Command {
  const command = new Command('usage')
    .summary('say how much a store or a session holds')
    .description(
      'With --session: how many contents the session, or with --holder that holder, has, committed or not, and their ' +
        'length. Without: how many copies the store has.',
    )
  sessionOptions(command).action(
    action(async context => {
      const { output, signal } = context
      const view = await context.session()
      const usage = (await view?.usage({ signal })) ?? { count: 0, byteLength: 0 }
      if (view === undefined) {
        collectOften()
        const progressed = await output.progress('list')
        for await (const { byteLength } of (await context.store()).list({ signal })) {
          usage.count++
          usage.byteLength += byteLength
          progressed(usage)
        }
      }
      await output.record(usage, [
        ['count', usage.count, count(usage.count, view === undefined ? 'copy' : 'attachment')],
        ['byteLength', usage.byteLength, `${size(usage.byteLength)} (${usage.byteLength} bytes)`],
      ])
    }),
  )
  return examples(
    command,
    ['Of the store', 'usage --store s3://bucket/prefix'],
    ['Of a chat, for a script', 'usage --session chat-42 --json'],
  )
}
