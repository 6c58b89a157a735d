import { createWriteStream } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { AttachmentId, AttachmentStream } from '@lash/attachments-core'
import { Command } from 'commander'
import { attachmentId, wholeNumber } from '../arguments.ts'
import { action, examples, sessionOptions } from '../command.ts'
import { size } from '../output/for-people.ts'
import { UsageError } from '../usage-error.ts'

interface GetOptions {
  output?: string
  generation?: number
}

const toStdout = '-'

export function getCommand(): Command {
  const command = new Command('get')
    .summary('write the bytes of an attachment')
    .description(
      'Writes the bytes to the standard output or a file, and compares them with the id. Damaged bytes are exit code 1: ' +
        'no file is then made, and one of that name is left as it was, while of the standard output the last bytes are ' +
        'missing.',
    )
    .argument('<id>', 'of the attachment', attachmentId)
    .option('-o, --output <file>', 'where the bytes go; - is the standard output')
    .option('--generation <number>', 'this copy; default: any', wholeNumber)
  sessionOptions(command).action(
    action(async (context, id: AttachmentId, { output: target, generation }: GetOptions) => {
      const { output, signal } = context
      const store = (await context.session()) ?? (await context.store())
      const file = target === undefined || target === toStdout ? undefined : await fileAt(target)
      const found = await store.stream(id, { generation, signal })
      if (file !== undefined) {
        await writeFile(file, found, signal)
        if (output.json) await output.record({ ...found.meta, output: target }, [])
        output.remark(`${target}: ${size(found.meta.byteLength)}, ${found.meta.mediaType}`)
        return
      }
      if (target === undefined && process.stdout.isTTY && !found.meta.mediaType.startsWith('text/')) {
        await found.body.cancel()
        throw new UsageError(`${found.meta.mediaType} is nothing for a terminal: give --output FILE, or --output -`)
      }
      await pipeline(found.body, process.stdout, { end: false, signal })
    }),
  )
  return examples(
    command,
    ['Into a file', 'get 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae -o photo.jpeg'],
    ['Of what a chat refers to, for another program', 'get ID --session chat-42 | file -'],
  )
}

interface OutputFile {
  path: string
  /** Whether it can be replaced: a device or a pipe is written to instead. */
  isReplaced: boolean
  mode?: number
}

/**
 * What is at that name, or will be. A link stays: what it leads to is replaced.
 * @throws UsageError when it is a folder.
 */
async function fileAt(path: string): Promise<OutputFile> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return { path, isReplaced: true }
  if (found.isDirectory()) throw new UsageError(`${path} is a folder: give the name of a file`)
  return { path: await realpath(path), isReplaced: found.isFile(), mode: found.mode & 0o777 }
}

/** Under another name until it is whole, and has been compared with its id. */
async function writeFile(file: OutputFile, { body }: AttachmentStream, signal: AbortSignal): Promise<void> {
  const { path, isReplaced, mode } = file
  if (!isReplaced) return pipeline(body, createWriteStream(path), { signal })
  const unfinished = `${path}.${process.pid}.part`
  try {
    await pipeline(body, createWriteStream(unfinished, { flags: 'wx', flush: true, mode }), { signal })
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
