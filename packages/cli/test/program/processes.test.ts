import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'
import { program } from '../command-line.ts'

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, NODE_OPTIONS: '' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> }
}

test('whoever stops reading, as head does, ends it with 141', async () => {
  const endless = join(newFolder(), 'endless.mjs')
  writeFileSync(
    endless,
    `const blob = { id: 'a'.repeat(64), generation: 0, byteLength: 1 }
    export const openStore = () => ({ async *list() { for (;;) yield blob }, async close() {} })`,
  )
  const { child, ended } = start(['ls', '--store', 'endless:', '--use', endless])
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect(await ended).toEqual([141, null])
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

test('serve takes uploads into the session, and serves them', async () => {
  const folder = newFolder()
  const places = ['--store', `file:${join(folder, 'bytes')}`, '--manifest', `sqlite:${join(folder, 'refs.db')}`]
  const { child, ended } = start(['serve', ...places, '--session', 'chat', '--port', '0', '--json'])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  const uploaded = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: 'a,b\n' })
  const { attachments } = (await uploaded.json()) as { attachments: [{ id: string }] }
  expect(await (await fetch(`${url}/${attachments[0].id}`)).text()).toBe('a,b\n')
  child.kill('SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
})
