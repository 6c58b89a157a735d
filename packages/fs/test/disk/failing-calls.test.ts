import { linesOf, newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'

test.each(['full', 'relaxed'])(
  '%s: whichever file system call fails, it is an I/O error, the same works afterwards, and nothing stays staged',
  async durability => {
    const lines = await linesOf(new URL('../children/fails-at-calls.ts', import.meta.url), [newFolder(), durability])
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
