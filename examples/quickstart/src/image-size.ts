import type { FileHandle } from 'node:fs/promises'

export interface ImageSize {
  /** In pixels, as stored: a JPEG's orientation tag is not looked at. */
  width: number
  height: number
}

/** Width and height out of the header of a PNG, JPEG or GIF; undefined for anything else, or when the header is damaged. */
export async function imageSize(file: FileHandle): Promise<ImageSize | undefined> {
  const head = await readAt(file, 0, 24)
  const size = pngSize(head) ?? gifSize(head) ?? (isJpeg(head) ? await jpegSize(file) : undefined)
  return size !== undefined && isDimension(size.width) && isDimension(size.height) ? size : undefined
}

function pngSize(head: Buffer): ImageSize | undefined {
  if (head.length < 24 || head.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined
  if (head.toString('latin1', 12, 16) !== 'IHDR') return undefined
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) }
}

function gifSize(head: Buffer): ImageSize | undefined {
  if (head.length < 10 || !/^GIF8[79]a/.test(head.toString('latin1', 0, 6))) return undefined
  return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) }
}

function isJpeg(head: Buffer): boolean {
  return head.length >= 4 && head[0] === 0xff && head[1] === 0xd8
}

/** Walks the segments of a JPEG up to the frame header; pictures and colour profiles in front of it may take megabytes. */
async function jpegSize(file: FileHandle): Promise<ImageSize | undefined> {
  let position = 2
  for (;;) {
    const segment = await readAt(file, position, 9)
    if (segment.length < 9 || segment[0] !== 0xff) return undefined
    const marker = segment[1] as number
    if (isFrameHeader(marker)) return { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) }
    if (marker === 0xff) position += 1
    else if (marker === 0xda || marker === 0xd9) return undefined
    else position += 2 + segment.readUInt16BE(2)
  }
}

/** SOF0 to SOF15, but for the three numbers among them that mean something else: DHT, JPG and DAC. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

function isDimension(value: number): boolean {
  return value >= 1 && value <= 2 ** 31 - 1
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}
