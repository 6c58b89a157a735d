import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { type CommandLineOptions, lashAttachments } from '../command-line.ts'

/** A folder with a file in it, and the environment of somebody who works with a store and a manifest there. */
function desk() {
  const folder = newFolder()
  const file = join(folder, 'note.txt')
  writeFileSync(file, 'hello\n')
  const env = {
    LASH_ATTACHMENTS_STORE: `file:${folder}/bytes`,
    LASH_ATTACHMENTS_MANIFEST: `sqlite:${folder}/refs.db`,
  }
  const run = (line: string, options?: CommandLineOptions) => lashAttachments(line.split(' '), { env, ...options })
  return { folder, file, env, run }
}

const id = createHash('sha256').update('hello\n').digest('hex')

test('what is put for a holder of a session is committed, listed and read', async () => {
  const { file, run } = desk()
  expect(await run(`put ${file} --session chat --holder draft`)).toEqual({
    code: 0,
    signal: null,
    stdout: `${id}\t6\t0\ttext/plain\tnote.txt\n`,
    stderr: '',
  })
  const listed = await run('ls --session chat --json')
  const ref = { id, generation: 0, byteLength: 6, state: 'committed', holder: 'draft' }
  expect(JSON.parse(listed.stdout)).toEqual({ ...ref, mediaType: 'text/plain', label: 'note.txt' })
  expect((await run(`get ${id} --session chat`)).stdout).toBe('hello\n')
})

test('what a holder lets go of is gone when nobody else has it', async () => {
  const { folder, run } = desk()
  const store = new FileAttachmentStore(join(folder, 'bytes'))
  const manifest = new SqliteAttachmentManifest(join(folder, 'refs.db'))
  const session = new SessionScopedAttachmentStore(store, manifest, 'chat', { holder: 'draft' })
  await session.put(new TextEncoder().encode('hello\n'), { mediaType: 'text/plain' })
  await session.commit()
  await Promise.all([store.close(), manifest.close()])

  // A dry run changes nothing, and another session has nothing to let go of.
  expect((await run(`rm ${id} --session chat --dry-run`)).stdout).toBe(`${id}\t6\n`)
  expect(await run(`rm ${id} --session other`)).toMatchObject({ code: 1, stdout: '' })
  expect((await run(`rm ${id} --session chat --holder draft`)).code).toBe(0)
  expect((await run('usage')).stdout).toBe('count\t0\nbyteLength\t0\n')
  expect(readdirSync(folder).sort()).toEqual(['bytes', 'note.txt', 'refs.db'])
})

test('files that cannot be read do not keep the others from the store', async () => {
  const { folder, file, env } = desk()
  const only = { env: { LASH_ATTACHMENTS_STORE: env.LASH_ATTACHMENTS_STORE } }
  const put = await lashAttachments(['put', `${folder}/nowhere`, file, folder], only)
  expect(put.code).toBe(1)
  expect(put.stdout).toBe(`${id}\t6\t0\ttext/plain\tnote.txt\n`)
  expect(put.stderr).toMatch(/^error: .*nowhere: ENOENT.*\nerror: .*: EISDIR/)
})

test('damaged bytes are 1, and no file is made of them', async () => {
  const { folder, file, run } = desk()
  expect((await run(`put ${file} --session chat`)).code).toBe(0)
  const stored = join(folder, 'bytes', 'sha256', id.slice(0, 2), id)
  writeFileSync(stored, 'jello\n')
  const got = await run(`get ${id} --output ${folder}/copy.txt --json`)
  expect(got).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse(got.stderr)).toMatchObject({ error: { code: 'corrupt', id } })
  expect(readdirSync(folder)).not.toContain('copy.txt')

  writeFileSync(stored, 'hello\n')
  expect((await run(`get ${id} --output ${folder}/copy.txt`)).code).toBe(0)
  expect(readFileSync(join(folder, 'copy.txt'), 'utf8')).toBe('hello\n')
})

test('on a terminal: a table with the columns for which there is room, and no bytes', async () => {
  const { folder, file, run } = desk()
  const store = new FileAttachmentStore(join(folder, 'bytes'))
  await store.put(readFileSync(file), { mediaType: 'image/png' })
  await store.close()
  const wide = await run('ls', { terminal: 110 })
  expect(wide.stdout).toMatch(
    new RegExp(`id +size +gen +modified\\S*\\s+${id} +6 B +0  20..-..-.. ..:..:..\r?\n.*1 copy, 6 B`),
  )
  const narrow = await run('ls', { terminal: 76 })
  expect(narrow.stdout).toMatch(new RegExp(`^\\S*id +size\\S*\r?\n${id} +6 B\r?\n`))
  expect(await run(`get ${id}`, { terminal: 76 })).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('image/png is nothing for a terminal'),
  })
})
