import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { program } from '../command-line.ts'

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

/** The blocks of code of that language below the heading. */
function blocks(heading: string, language: string): string[] {
  const section = readme.split(/^##+ /m).find(text => text.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code = '']) => code)
}

/** Runs lines of a shell up to the first that fails, in a folder from which the packages are found. */
async function shell(files: Record<string, string>, script: (folder: string) => string) {
  const folder = mkdtempSync(join(import.meta.dirname, '.readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const command = `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`
  for (const [name, text] of Object.entries({ ...files, 'lash-attachments': command })) {
    writeFileSync(join(folder, name), text)
  }
  chmodSync(join(folder, 'lash-attachments'), 0o755)
  const env = { ...process.env, NODE_OPTIONS: '', PATH: `${folder}${delimiter}${process.env.PATH}` }
  const ran = await promisify(execFile)('bash', ['-euc', script(folder)], { cwd: folder, env })
  return { ...ran, folder }
}

test('the commands of the README work one after the other', async () => {
  const [commands = ''] = blocks('Use', 'sh')
  const id = createHash('sha256').update('a photo').digest('hex')
  const { stdout } = await shell({ 'photo.jpeg': 'a photo' }, folder =>
    commands.replaceAll('/srv/', `${folder}/`).replaceAll(' ID ', ` ${id} `),
  )
  expect(stdout).toContain(`${id}\t7\t0\tcommitted\timage/jpeg\t\tphoto.jpeg\n`)
  expect(stdout).toMatch(/^store\tok\tround trip/m)
})

test('the backend of the README opens its URLs', async () => {
  const [backend = ''] = blocks('Stores and manifests by URL', 'ts')
  const [command = ''] = blocks('Stores and manifests by URL', 'sh')
  const files = { 'gopher.ts': backend }
  const { stderr } = await shell(files, () => command.replace('gopher.js', 'gopher.ts'))
  expect(stderr).toContain('opening hole, new or not: false')
})
