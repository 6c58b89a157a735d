import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { blocks, documentAt, Shell } from '../shell.ts'

const readme = documentAt('README.md')

test('the commands of the README work one after the other', async () => {
  const [commands = ''] = blocks(readme, 'Use', 'sh')
  const id = createHash('sha256').update('a photo').digest('hex')
  const shell = new Shell()
  shell.write('photo.jpeg', 'a photo')
  const { stdout } = await shell.run(commands.replaceAll('/srv/', `${shell.folder}/`).replaceAll(' ID ', ` ${id} `))
  expect(stdout).toContain(`${id}\t7\t0\tcommitted\timage/jpeg\t\tphoto.jpeg\n`)
  expect(stdout).toMatch(/^store\tok\tround trip/m)
})

test('the backend of the README opens its URLs', async () => {
  const [backend = ''] = blocks(readme, 'Stores and manifests by URL', 'ts')
  const [command = ''] = blocks(readme, 'Stores and manifests by URL', 'sh')
  const shell = new Shell()
  shell.write('gopher.ts', backend)
  const { stderr } = await shell.run(command.replace('gopher.js', 'gopher.ts'))
  expect(stderr).toContain('opening hole, new or not: false')
})
