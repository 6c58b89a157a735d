import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { program } from '../command-line.ts'

/** What bash completes each line to, with the script that the program prints. */
function completedInBash(lines: readonly string[]): string[] {
  const folder = newFolder()
  const command = join(folder, 'lash-attachments')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(command, 0o755)
  const script = `
    . <(lash-attachments complete bash)
    complete() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lash_attachments; echo "\${COMPREPLY[*]}"; }
    ${lines.map(line => `complete ${line}`).join('\n')}`
  const env = { ...process.env, NODE_OPTIONS: '', PATH: `${folder}${delimiter}${process.env.PATH}` }
  const { stdout } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' })
  return stdout.split('\n').slice(0, -1)
}

test('bash completes options, and leaves files and values to itself', () => {
  const lines = ["lash-attachments ls '--se'", "lash-attachments put ''"]
  expect(completedInBash(lines)).toEqual(['--session', ''])
})
