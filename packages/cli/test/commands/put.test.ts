import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments, start } from '../command-line.ts'

/** A store that does something to the file whose beginning it has read, and then reads the rest. */
const meddling = `
  import { createHash } from 'node:crypto'
  import { appendFileSync, unlinkSync } from 'node:fs'
  const meddle = { growing: () => appendFileSync('growing', 'x'), vanishing: () => unlinkSync('vanishing') }
  export const openStore = () => ({
    async put(body, { label, mediaType }) {
      const hash = createHash('sha256')
      let byteLength = 0
      for await (const chunk of body) {
        if (byteLength === 0) meddle[label]?.()
        hash.update(chunk)
        byteLength += chunk.length
      }
      return { id: hash.digest('hex'), byteLength, mediaType, label, generation: 0 }
    },
    async close() {},
  })`

test('what cannot be read whole is named and not stored, and does not keep the others from it', async () => {
  const cwd = newFolder()
  const long = 'long '.repeat(500_000)
  mkdirSync(join(cwd, 'folder'))
  const files = { growing: long, vanishing: long, empty: '', '-x\n.txt': 'text', 'meddling.mjs': meddling }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  const args = ['nowhere', 'folder', 'growing', 'vanishing', 'empty', '-', '-x\n.txt']
  const put = ['put', '--store', 'mine:', '--use', './meddling.mjs', '--', ...args]
  const { code, stdout, stderr } = await lashAttachments(put, { cwd, input: 'piped' })
  const id = (text: string) => contentId(new TextEncoder().encode(text))
  expect(stdout.split('\n')).toEqual([
    `${id(long)}\t${long.length}\t0\tapplication/octet-stream\tvanishing`,
    `${id('')}\t0\t0\tapplication/octet-stream\tempty`,
    `${id('piped')}\t5\t0\tapplication/octet-stream\t`,
    `${id('text')}\t4\t0\ttext/plain\t-x\\u{a}.txt`,
    '',
  ])
  const [nowhere, folder, growing] = stderr.split('\n')
  expect(nowhere).toMatch(/^error: nowhere: ENOENT/)
  expect(folder).toMatch(/^error: folder: EISDIR/)
  expect(growing).toMatch(/^error: growing: it changed while it was read/)
  expect(code).toBe(1)
})

test('killed in the middle and run again: every file is committed, once', async () => {
  const cwd = newFolder()
  const names = Array.from({ length: 40 }, (_, index) => `${index}.bin`)
  for (const name of names) writeFileSync(join(cwd, name), name.repeat(20_000))
  const places = ['--store', 'file:bytes', '--manifest', 'sqlite:refs.db', '--session', 'chat']
  const { child, ended } = start(['put', ...places, ...names], { cwd })
  child.stdout.once('data', () => child.kill('SIGKILL'))
  expect(await ended).toEqual([null, 'SIGKILL'])
  expect((await lashAttachments(['put', ...places, ...names], { cwd })).code).toBe(0)

  await using store = new FileAttachmentStore(join(cwd, 'bytes'))
  await using manifest = new SqliteAttachmentManifest(join(cwd, 'refs.db'))
  const refs = await Array.fromAsync(manifest.listRefs('chat'))
  expect(refs.map(ref => ref.meta?.label).sort()).toEqual(names.sort())
  expect(refs.every(ref => ref.committedAtEpochMs !== undefined)).toBe(true)
  for (const { attachmentId, generation } of refs) await store.get(attachmentId, { generation })
  expect(await Array.fromAsync(store.list())).toHaveLength(names.length)
})

test('Ctrl-C ends a put that waits for its bytes, and nothing of them is stored', async () => {
  const folder = newFolder()
  const { child, ended } = start(['put', '-', '--store', `file:${folder}/bytes`])
  child.stdin.write('the beginning')
  // It reads what does not fit into the pipe.
  child.stdin.write(new Uint8Array(1024 * 1024), () => child.kill('SIGINT'))
  expect(await ended).toEqual([null, 'SIGINT'])
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
  expect(found.filter(entry => entry.isFile())).toEqual([])
})
