import { createCipheriv } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { endianness } from 'node:os'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const samplesPerSecond = 44_100
const dataBytes = 30_000_000
const chunkBytes = 240_000

/**
 * Writes a sound file of 30 MB, piece by piece, the same bytes every time: nearly six minutes of noise, which sounds like
 * rain. Too big to be kept with the sources, and it does not compress.
 */
export async function writeRain(path: string): Promise<void> {
  await pipeline(Readable.from(rain()), createWriteStream(path))
}

function* rain(): Generator<Buffer> {
  yield waveHeader()
  // The key stream of a cipher is a quick source of noise that is the same everywhere.
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  for (let written = 0; written < dataBytes; written += chunkBytes) {
    yield quietened(noise.update(Buffer.alloc(chunkBytes)))
  }
}

/** The same samples at a quarter of the loudness. */
function quietened(chunk: Buffer): Buffer {
  const samples = new Int16Array(new Uint8Array(chunk).buffer)
  for (let index = 0; index < samples.length; index++) samples[index] = (samples[index] as number) >> 2
  const bytes = Buffer.from(samples.buffer)
  return endianness() === 'LE' ? bytes : bytes.swap16()
}

/** Of uncompressed sound: one channel, 16 bits a sample. */
function waveHeader(): Buffer {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(36 + dataBytes, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(samplesPerSecond, 24)
  header.writeUInt32LE(samplesPerSecond * 2, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(dataBytes, 40)
  return header
}
