import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { newFolder, SmallDisk } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments, program } from '../command-line.ts'

const body = new TextEncoder().encode('hello '.repeat(100_000))
const id = createHash('sha256').update(body).digest('hex')

/** A folder with a store that has the body, and how to read it to somewhere in the folder. */
async function desk() {
  const cwd = newFolder()
  await using store = new FileAttachmentStore(join(cwd, 'bytes'))
  await store.put(body, { mediaType: 'text/plain' })
  const get = (to: string) => lashAttachments(['get', id, '--store', 'file:bytes', '--output', to, '--json'], { cwd })
  return { cwd, get }
}

test('a file that exists is replaced, with its rights; a link, a pipe and a folder are not', async () => {
  const { cwd, get } = await desk()
  const [private_, link, pipe] = ['private', 'link', 'pipe'].map(name => join(cwd, name)) as [string, string, string]
  writeFileSync(private_, 'longer than what comes'.repeat(100_000), { mode: 0o600 })
  symlinkSync('private', link)
  expect(await get('link')).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(private_)).toEqual(Buffer.from(body))
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(statSync(private_).mode & 0o777).toBe(0o600)

  expect(spawnSync('mkfifo', [pipe]).status).toBe(0)
  const [piped, { code }] = await Promise.all([readFile(pipe), get('pipe')])
  expect({ code, piped }).toEqual({ code: 0, piped: Buffer.from(body) })
  expect(statSync(pipe).isFIFO()).toBe(true)

  mkdirSync(join(cwd, 'folder'))
  const refused = await get('folder')
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'usage' } })
  expect(readdirSync(cwd).sort()).toEqual(['bytes', 'folder', 'link', 'pipe', 'private'])
})

test('of damaged bytes no file is made, and one that exists is left as it was', async () => {
  const { cwd, get } = await desk()
  writeFileSync(join(cwd, 'copy'), 'old')
  const stored = join(cwd, 'bytes', 'sha256', id.slice(0, 2), id)
  writeFileSync(stored, readFileSync(stored).fill('j', body.length - 1))
  const got = await get('copy')
  expect(got).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse(got.stderr)).toMatchObject({ error: { code: 'corrupt', id } })
  expect(readFileSync(join(cwd, 'copy'), 'utf8')).toBe('old')
  expect(readdirSync(cwd).sort()).toEqual(['bytes', 'copy'])
})

test('nor of bytes that stop coming, when it is ended', async () => {
  const cwd = newFolder()
  writeFileSync(
    join(cwd, 'stalls.mjs'),
    `const start = signal => controller => {
      controller.enqueue(new Uint8Array(100_000))
      signal.addEventListener('abort', () => controller.error(signal.reason))
      setInterval(() => console.error('reading'), 10)
    }
    export const openStore = () => ({
      async stream(id, { signal }) {
        const meta = { id, byteLength: 200_000, mediaType: 'text/plain' }
        return { meta, body: new ReadableStream({ start: start(signal) }) }
      },
      async close() {},
    })`,
  )
  const args = ['get', id, '--store', 'mine:', '--use', './stalls.mjs', '--output', 'copy']
  const isUnderWay = () => readdirSync(cwd).some(name => name.endsWith('.part'))
  const got = await lashAttachments(args, { cwd, end: { with: 'SIGTERM', when: isUnderWay } })
  expect(got.signal).toBe('SIGTERM')
  expect(readdirSync(cwd)).toEqual(['stalls.mjs'])
})

const disk = new SmallDisk('mount -t tmpfs -o size=256k none disk')

test.skipIf(disk.obstacle !== undefined)('nor on a full disk, whose room is free again', async () => {
  const { cwd } = await desk()
  const child = new URL('../children/gets-to-full-disk.ts', import.meta.url)
  const [code, stderr, left] = (await disk.run(child, [program, id, join(cwd, 'bytes')]))[0] as [
    number,
    string,
    string[],
  ]
  expect({ code, left }).toEqual({ code: 1, left: [] })
  expect(stderr).toMatch(/^error: ENOSPC/)
})
