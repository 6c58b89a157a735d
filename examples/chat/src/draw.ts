import { crc32, deflateSync } from 'node:zlib'
import { z } from 'zod'

type Colour = readonly [number, number, number]

const [width, height] = [480, 300]

/** What a model is told about it. */
export const drawing = {
  description: 'Draws a picture, and shows it to the user.',
  inputSchema: z.object({ subject: z.string().max(200).describe('what is in the picture') }),
}

/** What it gives. */
export const drawn = { mediaType: 'image/png', width, height }

/** A PNG of hills under a sun: the same for the same subject, another one for another. */
export function draw(subject: string): Uint8Array {
  const random = randomFrom(subject)
  const hue = 190 + random() * 190 // from blue to orange
  const sun = { x: width * (0.2 + 0.6 * random()), y: height * (0.2 + 0.2 * random()), radius: 22 + 22 * random() }
  const hills = Array.from({ length: 4 }, (_, index) => ({
    base: height * (0.5 + 0.13 * index),
    waves: Array.from({ length: 3 }, () => ({
      size: 4 + 16 * random(),
      length: 60 + 120 * random(),
      shift: 7 * random(),
    })),
    colour: colourOf(hue + 25 - 12 * index, 0.3 + 0.04 * index, 0.46 - 0.1 * index),
  }))
  const pixelAt = (x: number, y: number): Colour => {
    const front = hills.findLast(({ base, waves }) => y > base + waves.reduce((sum, wave) => sum + waveAt(wave, x), 0))
    if (front !== undefined) return front.colour
    const glow = Math.max(0, 1 - Math.hypot(x - sun.x, y - sun.y) / (sun.radius * 5))
    if (Math.hypot(x - sun.x, y - sun.y) < sun.radius) return colourOf(48, 0.95, 0.86)
    return colourOf(hue + 45 * (y / height), 0.55 + 0.3 * glow, 0.5 + 0.3 * (y / height) + 0.15 * glow)
  }
  const rows = Buffer.alloc(height * (1 + width * 3))
  for (let y = 0, at = 0; y < height; y++) {
    rows[at++] = 0 // this row has no filter
    for (let x = 0; x < width; x++) for (const part of pixelAt(x, y)) rows[at++] = Math.min(255, part)
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]) // 8 bits each of red, green and blue
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')])
}

function waveAt({ size, length, shift }: { size: number; length: number; shift: number }, x: number): number {
  return size * Math.sin(x / length + shift)
}

/** Hue in degrees, saturation and lightness from 0 to 1. */
function colourOf(hue: number, saturation: number, lightness: number): Colour {
  const part = (offset: number) => {
    const at = (offset + hue / 30) % 12
    const range = saturation * Math.min(lightness, 1 - lightness)
    return Math.round(255 * (lightness - range * Math.max(-1, Math.min(at - 3, 9 - at, 1))))
  }
  return [part(0), part(8), part(4)]
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed: string): () => number {
  let state = crc32(seed)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A chunk of a PNG: length, type, data, and the checksum of the last two. */
function chunk(type: string, data: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
