import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
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

test('what is put for a holder of a session is committed, listed and known', async () => {
  const { file, run } = desk()
  // Some terminals take the one character for the beginning of a command.
  const label = 'red\u009b31m'
  expect(await run(`put ${file} --session chat --holder draft --label ${label}`)).toEqual({
    code: 0,
    signal: null,
    stdout: `${id}\t6\t0\ttext/plain\tred\\u{9b}31m\n`,
    stderr: '',
  })
  const listed = await run('ls --session chat --json')
  const ref = { id, generation: 0, byteLength: 6, state: 'committed', holder: 'draft' }
  expect(JSON.parse(listed.stdout)).toEqual({ ...ref, mediaType: 'text/plain', label })
  expect(listed.stdout).toContain(String.raw`"label":"red\u009b31m"`)
  const { stdout } = await run(`stat ${id} --session chat --holder draft --json`)
  const found = { id, byteLength: 6, mediaType: 'text/plain', label, copies: [0] }
  expect(JSON.parse(stdout)).toMatchObject({ ...found, ref: { generation: 0, state: 'committed', holder: 'draft' } })
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
