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

/** How files of a type begin, in hex; a dot stands for any digit. */
const byBeginning: readonly (readonly [RegExp, string])[] = [
  [/^89504e470d0a1a0a/, 'image/png'],
  [/^ffd8ff/, 'image/jpeg'],
  [/^474946383[79]61/, 'image/gif'],
  [/^52494646.{8}57454250/, 'image/webp'],
  [/^52494646.{8}57415645/, 'audio/wav'],
  [/^424d.{8}00000000/, 'image/bmp'],
  [/^(?:49492a00|4d4d002a)/, 'image/tiff'],
  [/^.{8}6674797061766966/, 'image/avif'],
  [/^.{8}667479704d3441/, 'audio/mp4'],
  [/^.{8}667479707174/, 'video/quicktime'],
  [/^.{8}66747970/, 'video/mp4'],
  [/^255044462d/, 'application/pdf'],
  [/^494433/, 'audio/mpeg'],
  [/^664c6143/, 'audio/flac'],
  [/^4f676753/, 'audio/ogg'],
  [/^1a45dfa3/, 'video/webm'],
  [/^504b0304/, 'application/zip'],
  [/^1f8b/, 'application/gzip'],
  [/^0061736d/, 'application/wasm'],
]

/** The media type of a file: by its extension or, where that says nothing, by how it begins. */
export async function mediaTypeOf(path: string, file: FileHandle): Promise<string> {
  return byExtension.get(extname(path).toLowerCase()) ?? (await sniff(file))
}

async function sniff(file: FileHandle): Promise<string> {
  const buffer = Buffer.alloc(4096)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  const beginning = buffer.subarray(0, bytesRead)
  const hex = beginning.toString('hex', 0, 16)
  const known = byBeginning.find(([pattern]) => pattern.test(hex))
  if (known !== undefined) return known[1]
  return isText(beginning) ? 'text/plain' : 'application/octet-stream'
}

/** Whether the bytes are UTF-8, possibly cut within its last character, without control characters that no text has. */
function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return !/[^\P{Cc}\t\n\f\r]/u.test(text)
  } catch {
    return false
  }
}
