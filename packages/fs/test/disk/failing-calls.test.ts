import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attachments-fs-failing-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each(['full', 'relaxed'])(
  '%s: whichever file system call fails, it is an I/O error, the same works afterwards, and nothing stays staged',
  async durability => {
    const child = fileURLToPath(new URL('../children/fails-at-calls.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [child, folder, durability], {
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const lines = stdout.trim().split('\n')
    expect(lines.length).toBeGreaterThan(70)
    for (const line of lines) {
      const [task, call, first, second, inTmp] = JSON.parse(line) as [string, string, string, string, string[]]
      expect({ task, call, first: first === 'fine' ? 'io' : first, second }).toEqual({
        task,
        call,
        first: 'io',
        second: 'fine',
      })
      // A mark that could not be deleted stays until its process ends.
      expect(inTmp.filter(name => !name.startsWith('removing'))).toEqual([])
    }
  },
)
