import type { FileHandle } from 'node:fs/promises'
import { extname } from 'node:path'

const byExtension: ReadonlyMap<string, string> = new Map([
  ['.avif', 'image/avif'],
  ['.bmp', 'image/bmp'],
  ['.css', 'text/css'],
  ['.csv', 'text/csv'],
  ['.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['.flac', 'audio/flac'],
  ['.gif', 'image/gif'],
  ['.gz', 'application/gzip'],
  ['.htm', 'text/html'],
  ['.html', 'text/html'],
  ['.jpeg', 'image/jpeg'],
  ['.jpg', 'image/jpeg'],
  ['.js', 'text/javascript'],
  ['.json', 'application/json'],
  ['.m4a', 'audio/mp4'],
  ['.md', 'text/markdown'],
  ['.mjs', 'text/javascript'],
  ['.mov', 'video/quicktime'],
  ['.mp3', 'audio/mpeg'],
  ['.mp4', 'video/mp4'],
  ['.ogg', 'audio/ogg'],
  ['.opus', 'audio/ogg'],
  ['.pdf', 'application/pdf'],
  ['.png', 'image/png'],
  ['.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ['.svg', 'image/svg+xml'],
  ['.tar', 'application/x-tar'],
  ['.tif', 'image/tiff'],
  ['.tiff', 'image/tiff'],
  ['.tsv', 'text/tab-separated-values'],
  ['.txt', 'text/plain'],
  ['.wasm', 'application/wasm'],
  ['.wav', 'audio/wav'],
  ['.webm', 'video/webm'],
  ['.webp', 'image/webp'],
  ['.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['.xml', 'application/xml'],
  ['.yaml', 'application/yaml'],
  ['.yml', 'application/yaml'],
  ['.zip', 'application/zip'],
])

/** How files of a type begin, one character for each byte; a dot stands for any. */
const byBeginning: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
  [/^RIFF[^]{4}WAVE/, 'audio/wav'],
  [/^BM[^]{4}\0\0\0\0/, 'image/bmp'],
  [/^(?:II\*\0|MM\0\*)/, 'image/tiff'],
  [/^[^]{4}ftyp(?:avif|avis)/, 'image/avif'],
  [/^[^]{4}ftypM4A/, 'audio/mp4'],
  [/^[^]{4}ftypqt/, 'video/quicktime'],
  [/^[^]{4}ftyp/, 'video/mp4'],
  [/^%PDF-/, 'application/pdf'],
  [/^ID3/, 'audio/mpeg'],
  [/^fLaC/, 'audio/flac'],
  [/^OggS/, 'audio/ogg'],
  [/^\x1aE\xdf\xa3/, 'video/webm'],
  [/^PK\x03\x04/, 'application/zip'],
  [/^\x1f\x8b/, 'application/gzip'],
  [/^\0asm/, 'application/wasm'],
]

/** The media type of a file: by its extension or, where that says nothing, by how it begins. */
export async function mediaTypeOf(path: string, file: FileHandle): Promise<string> {
  return byExtension.get(extname(path).toLowerCase()) ?? (await sniff(file))
}

async function sniff(file: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(4096)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  const beginning = buffer.subarray(0, bytesRead)
  const characters = beginning.toString('latin1')
  const known = byBeginning.find(([pattern]) => pattern.test(characters))
  if (known !== undefined) return known[1]
  return isText(beginning) ? 'text/plain' : 'application/octet-stream'
}

/** Whether the bytes are UTF-8, possibly cut within its last character, without control characters that no text has. */
function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return !/[^\P{Cc}\t\n\f\r\x1b]/u.test(text)
  } catch {
    return false
  }
}
