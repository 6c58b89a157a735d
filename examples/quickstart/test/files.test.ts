import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inspectFiles } from '../src/files.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quickstart-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const gif = Buffer.from('474946383961 0a01 1400 80 00 00'.replaceAll(' ', ''), 'hex')
const png = Buffer.from('89504e470d0a1a0a 0000000d 49484452 00000280 000001e0 08 02'.replaceAll(' ', ''), 'hex')

/** A JPEG as far as its frame header, with something large in front of it, as cameras put it there. */
function jpeg(frame: number): Buffer {
  const start = Buffer.from('ffd8ffe1fffd', 'hex')
  const thumbnail = Buffer.alloc(0xfffd - 2, 0xc0)
  const header = Buffer.from('0011080120024003012200021101031101', 'hex')
  return Buffer.concat([start, thumbnail, Buffer.from([0xff, frame]), header])
}

test.each<[string, Uint8Array | string, object]>([
  ['a.gif', gif, { mediaType: 'image/gif', width: 266, height: 20 }],
  ['picture', png, { mediaType: 'image/png', width: 640, height: 480 }],
  ['camera.JPG', jpeg(0xc0), { mediaType: 'image/jpeg', width: 576, height: 288 }],
  ['progressive', jpeg(0xc2), { mediaType: 'image/jpeg', width: 576, height: 288 }],
  ['cut.png', png.subarray(0, 20), { mediaType: 'image/png' }],
  ['cut.jpg', jpeg(0xc0).subarray(0, 300), { mediaType: 'image/jpeg' }],
  ['not-really.png', 'just text', { mediaType: 'image/png' }],
  ['report', '%PDF-1.7\n', { mediaType: 'application/pdf' }],
  ['sound', 'RIFF\x10\0\0\0WAVEfmt ', { mediaType: 'audio/wav' }],
  ['README', 'Grüße\n', { mediaType: 'text/plain' }],
  ['program', 'a\0b', { mediaType: 'application/octet-stream' }],
  ['nothing', '', { mediaType: 'application/octet-stream' }],
])('%s', async (name, content, meta) => {
  await writeFile(join(folder, name), content)
  const [file] = await inspectFiles([name], folder)
  expect(file).toEqual({
    path: join(folder, name),
    name,
    byteLength: Buffer.byteLength(content),
    meta: { label: name, ...meta },
  })
})
