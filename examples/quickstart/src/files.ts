import { createCipheriv } from 'node:crypto'
import { access, constants, readdir, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { AttachmentCreateMeta } from '@lash/attachments-core'
import { fileTypeFromFile } from 'file-type'
import { imageSizeFromFile } from 'image-size/fromFile'
import { isBinaryFile } from 'isbinaryfile'
import mime from 'mime'
import { UsageError } from './command.ts'

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
  const name = basename(path)
  const mediaType = mime.getType(name) ?? (await mediaTypeOfContent(path, byteLength))
  return { path, name, byteLength, meta: { mediaType, label: name, ...(await pixelsOf(path)) } }
}

/** Opens nothing: opening a named pipe would wait for a writer. */
async function readableLength(path: string, given: string): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new UsageError(`cannot read ${given}: it is a folder; give the files in it`)
    if (!found.isFile()) throw new UsageError(`cannot read ${given}: it is not a regular file`)
    await access(path, constants.R_OK)
    return found.size
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read ${given}: ${reasonOf(error as NodeJS.ErrnoException)}`)
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'you may not read it'
  return message
}

async function mediaTypeOfContent(path: string, byteLength: number): Promise<string> {
  const type = await fileTypeFromFile(path)
  if (type !== undefined) return type.mime
  return byteLength === 0 || (await isBinaryFile(path)) ? 'application/octet-stream' : 'text/plain'
}

/** Of an image, as its header says; nothing of anything else, nor of a damaged one. */
async function pixelsOf(path: string): Promise<{ width: number; height: number } | undefined> {
  const size = await imageSizeFromFile(path).catch(() => undefined)
  return size && { width: Math.round(size.width), height: Math.round(size.height) }
}

const samples = join(import.meta.dirname, '..', 'files')

/** Paths of the demo's own files, and of a big one that is made in the folder. */
export async function ownFiles(folder: string): Promise<string[]> {
  const names = (await readdir(samples)).filter(name => !name.startsWith('.')).sort()
  const rain = join(folder, 'rain.wav')
  await writeFile(rain, soundOfRain())
  return [...names.map(name => join(samples, name)), rain]
}

/**
 * A sound file of 30 MB, piece by piece, the same bytes every time: nearly six minutes of noise, which sounds like
 * rain. It is too big to be kept with the sources, and it does not compress.
 */
function* soundOfRain(): Generator<Buffer> {
  yield waveHeader(30_000_000)
  // The key stream of a cipher is a quick source of noise that is the same everywhere.
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  for (let chunk = 0; chunk < 125; chunk++) yield quietened(noise.update(Buffer.alloc(240_000)))
}

/** The same 16-bit samples at a quarter of the loudness. */
function quietened(chunk: Buffer): Buffer {
  for (let at = 0; at < chunk.byteLength; at += 2) chunk.writeInt16LE(chunk.readInt16LE(at) >> 2, at)
  return chunk
}

/** Of uncompressed sound: one channel, 44,100 samples a second, 16 bits a sample. */
function waveHeader(dataBytes: number): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF____WAVEfmt ', 'latin1')
  header.writeUInt32LE(36 + dataBytes, 4)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(44_100, 24)
  header.writeUInt32LE(88_200, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(dataBytes, 40)
  return header
}
