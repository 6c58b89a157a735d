import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { start } from '../command-line.ts'

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

test('so it does with the help, of which nothing is read', async () => {
  const { child, ended } = start(['--help'])
  child.stdout.destroy()
  expect(await ended).toEqual([141, null])
})

test('serve takes uploads into the session, and serves them to this machine', async () => {
  const folder = newFolder()
  const places = ['--store', `file:${join(folder, 'bytes')}`, '--manifest', `sqlite:${join(folder, 'refs.db')}`]
  const { child, ended } = start(['serve', ...places, '--session', 'chat', '--port', '0', '--json'])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  const uploaded = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/csv' }, body: 'a,b\n' })
  const { attachments } = (await uploaded.json()) as { attachments: [{ id: string }] }
  expect(await (await fetch(`${url}/${attachments[0].id}`)).text()).toBe('a,b\n')

  // A page of another site may have a name that leads here.
  const asked = request(`${url}/${attachments[0].id}`, { headers: { Host: 'elsewhere.example' } }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  expect(answer.resume().statusCode).toBe(403)
  child.kill('SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
})
