import { access, constants, open, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { AttachmentCreateMeta } from '@lash/attachments-core'
import { UsageError } from './failure.ts'
import { imageSize } from './image-size.ts'
import { mediaTypeOf } from './media-type.ts'

/** A file to be put. */
export interface InputFile {
  /** Absolute. */
  path: string
  name: string
  byteLength: number
  meta: AttachmentCreateMeta
}

/**
 * Looks at every file before anything is stored.
 * @param base what relative paths are relative to.
 * @throws UsageError that names every path that cannot be read.
 */
export async function inspectFiles(paths: readonly string[], base: string): Promise<InputFile[]> {
  const files: InputFile[] = []
  const refused: string[] = []
  // One after the other: there may be more of them than a process can have open.
  for (const path of paths) {
    try {
      files.push(await inspect(path, base))
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      refused.push(error.message)
    }
  }
  if (refused.length > 0) throw new UsageError(refused.join('\n'))
  return files
}

async function inspect(given: string, base: string): Promise<InputFile> {
  const path = resolve(base, given)
  const byteLength = await readableLength(path, given)
  const file = await open(path, 'r')
  try {
    const name = basename(path)
    const mediaType = await mediaTypeOf(path, file)
    return { path, name, byteLength, meta: { mediaType, label: name, ...(await imageSize(file)) } }
  } finally {
    await file.close()
  }
}

/** Opens nothing: opening a named pipe would wait for a writer. */
async function readableLength(path: string, given: string): Promise<number> {
  const found = await stat(path).catch(error => {
    throw new UsageError(`cannot read ${given}: ${reasonOf(error)}`)
  })
  if (found.isDirectory()) throw new UsageError(`cannot read ${given}: it is a folder; give the files in it`)
  if (!found.isFile()) throw new UsageError(`cannot read ${given}: it is not a regular file`)
  await access(path, constants.R_OK).catch(error => {
    throw new UsageError(`cannot read ${given}: ${reasonOf(error)}`)
  })
  return found.size
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return 'there is no such file'
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'you may not read it'
  return error.message
}
