import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type AttachmentRef, AttachmentStoreError } from '@lash/attachments-core'
import { Command } from 'commander'
import mime from 'mime'
import { action, examples, sessionOptions } from '../command.ts'
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts'
import type { Column } from '../output/columns.ts'
import { size } from '../output/for-people.ts'
import { UsageError } from '../usage-error.ts'

interface PutOptions {
  mediaType?: string
  label?: string
}

const columns: readonly Column<AttachmentRef>[] = [
  { title: 'id', width: 64, of: ref => ref.id },
  { title: 'size', width: 8, align: 'right', of: ref => ref.byteLength, forPeople: ref => size(ref.byteLength) },
  { title: 'gen', width: 3, align: 'right', of: ref => ref.generation ?? 0 },
  { title: 'media type', width: 24, of: ref => ref.mediaType },
  { title: 'label', width: 24, of: ref => ref.label },
]

const fromStdin = '-'

export function putCommand(): Command {
  const command = new Command('put')
    .summary('store files')
    .description(
      'Stores files, and prints the ref of each. With a manifest, for a session, and committed: a sweep leaves it. ' +
        'The same bytes are stored once.',
    )
    .argument('<files...>', 'paths; - is the standard input')
    .option('--media-type <type>', 'of all of them; default: by the ending of the name')
    .option('--label <name>', 'of the one file; default: its name')
  sessionOptions(command).action(
    action(async (context, files: string[], { mediaType, label }: PutOptions) => {
      const { output, signal } = context
      if (label !== undefined && files.length > 1) throw new UsageError('--label is for one file')
      if (files.filter(file => file === fromStdin).length > 1) throw new UsageError('- stands twice')
      const view = await context.session(true)
      if (view === undefined && context.manifestUrl !== undefined) {
        throw new UsageError('for which session? Give --session ID; what has no ref is taken by the next audit')
      }
      const store = view ?? (await context.store(true))
      const table = output.table(columns)
      const progressed = await output.progress('put')
      const progress = { count: 0, byteLength: 0, totalByteLength: await lengthOf(files) }
      let exitCode: ExitCode = exitCodes.ok
      for (const file of files) {
        const meta = {
          mediaType: mediaType ?? mime.getType(file) ?? 'application/octet-stream',
          ...labelled(label ?? (file === fromStdin ? undefined : basename(file))),
        }
        const body = read(file, length => {
          progress.byteLength += length
          progressed(progress)
        })
        try {
          const ref = await store.put(body, meta, { signal })
          await view?.commit({ refs: [ref], signal })
          await table.row(ref)
          progress.count++
        } catch (error) {
          signal.throwIfAborted()
          if (!isOfThisFile(error)) throw error
          output.failed(error, file)
          exitCode = exitCodes.failed
        }
      }
      return exitCode
    }),
  )
  return examples(
    command,
    ['Into a store, by the id of its bytes', 'put photo.jpeg --store file:/srv/attachments'],
    ['For a message of a chat', 'put *.pdf --session chat-42 --holder message-7'],
    ['What another program writes', 'put - --media-type text/csv --label table.csv'],
  )
}

async function* read(file: string, onBytes: (length: number) => void): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of file === fromStdin ? process.stdin : unchanged(file)) {
    onBytes(chunk.byteLength)
    yield chunk
  }
}

/**
 * @throws FileChangedError at the end, when somebody wrote to it meanwhile: what was read may be half of the old and
 * half of the new.
 */
async function* unchanged(file: string): AsyncGenerator<Uint8Array, void, void> {
  const handle = await open(file)
  try {
    const before = await handle.stat({ bigint: true })
    yield* handle.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false })
    const after = await handle.stat({ bigint: true })
    if (before.isFile() && (after.mtimeNs !== before.mtimeNs || after.size !== before.size))
      throw new FileChangedError()
  } finally {
    await handle.close()
  }
}

class FileChangedError extends Error {
  readonly code = 'file_changed'

  constructor() {
    super('it changed while it was read, and was not stored; put it again, or what it has now with: put - < FILE')
  }
}

/** Of all files together, for the progress. Undefined where one has no length, such as a pipe. */
async function lengthOf(files: readonly string[]): Promise<number | undefined> {
  let sum = 0
  for (const file of files) {
    const found = file === fromStdin ? undefined : await stat(file).catch(() => undefined)
    if (!found?.isFile()) return undefined
    sum += found.size
  }
  return sum
}

function labelled(label: string | undefined): { label?: string } {
  return label === undefined ? {} : { label }
}

/** Whether the others may fare better: a file that cannot be read, or is too large. */
function isOfThisFile(error: unknown): boolean {
  return !AttachmentStoreError.isInstance(error) || exitCodeOf(error) === exitCodes.failed
}
