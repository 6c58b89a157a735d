import { once } from 'node:events'
import { openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { lashAttachments, start } from '../command-line.ts'

test('2, with nothing done, for bytes without a ref beside a manifest', async () => {
  const { code, stdout, stderr } = await lashAttachments(['put', 'x', '--store', 'memory:', '--manifest', 'memory:'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('Give --session ID')
})

test('as JSON, also of a command line that cannot be read; and without a password that stands in it', async () => {
  const unknown = await lashAttachments(['postgres://somebody:se@cret@host/app', '--json'])
  const message = "unknown command 'postgres://***@host/app'; see --help"
  expect(unknown).toMatchObject({ code: 2, stdout: '' })
  expect(JSON.parse(unknown.stderr)).toEqual({ error: { code: 'usage', message } })
})

test('1 when what it says cannot be written', async () => {
  const { child, ended } = start(['complete', 'bash'], { stdout: openSync('/dev/full', 'w') })
  const [error] = (await once(child.stderr, 'data')) as [Buffer]
  expect(`${error}`).toMatch(/^error: the output: ENOSPC/)
  expect(await ended).toEqual([1, null])
})

test('3 when the backend cannot be reached, with no password in what is said', async () => {
  const url = 'postgres://somebody:secret@127.0.0.1:1/app'
  const { code, stderr } = await lashAttachments(['ls', '--json', '--store', url])
  expect(code).toBe(3)
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'backend' } })
  expect(stderr).not.toContain('secret')
})

test('a module of --use opens what the command line does not know', async () => {
  const folder = newFolder()
  const module = join(folder, 'opens.mjs')
  writeFileSync(
    module,
    `export const openStore = url => {
      if (url !== 'mine:place') throw new Error(url)
      return { async *list() { yield { id: 'a'.repeat(64), generation: 2, byteLength: 7 } }, async close() {} }
    }`,
  )
  const { code, stdout } = await lashAttachments(['ls', '--store', 'mine:place', '--use', module])
  expect(stdout).toBe(`${'a'.repeat(64)}\t7\t2\t\n`)
  expect(code).toBe(0)
  const manifest = ['--manifest', 'mine:place', '--use', module]
  expect(await lashAttachments(['sweep', ...manifest])).toMatchObject({
    code: 2,
    stderr: 'error: mine: keeps no refs: give --manifest another URL\n',
  })
})
