import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { linesOf, newFolder } from '@lash/attachments-testing'
import { cannotRecord, strace } from '@lash/attachments-testing/power-cut'
import { expect, test } from 'vitest'

if (cannotRecord !== undefined) console.log(`test of a slow disk skipped: ${cannotRecord}`)

const child = new URL('../children/read-slowly.ts', import.meta.url)

test.skipIf(cannotRecord !== undefined)(
  'a disk that is slow to read from does not hold up the event loop',
  async () => {
    const folder = newFolder()
    const path = join(folder, 'attachments.db')
    const { store, manifest, close } = openSqliteAttachments(path)
    const session = new SessionScopedAttachmentStore(store, manifest, 'session')
    const labels = Array.from({ length: 40 }, (_, index) => `${index}`)
    for (const label of labels) {
      const bytes = new Uint8Array(10_000).fill(Number(label))
      await session.put(bytes, { mediaType: 'application/octet-stream', label })
    }
    await session.commit()
    await close()

    const log = join(folder, 'log')
    const files = [path, `${path}-wal`, fileURLToPath(child)].flatMap(file => ['-P', file])
    const slow = ['-e', 'trace=pread64', '-e', 'inject=pread64:delay_enter=20000']
    const under = [strace as string, '-f', '-qq', '-y', '-o', log, ...slow, ...files]
    const [line] = await linesOf(child, [path], { under, env: { UV_USE_IO_URING: '0' } })
    const [pid, ...found] = JSON.parse(line as string) as [number, ...unknown[]]

    expect(found).toContainEqual([7])
    for (const entry of found.slice(0, -1) as [string, ...unknown[]][]) {
      const byte = Number(entry[0])
      expect(entry).toEqual([entry[0], 10_000, byte, byte, 'number'])
    }
    const calls = readFileSync(log, 'latin1').split('\n')
    const marks = calls.flatMap((call, index) => (call.includes('read-slowly.ts>') ? [index] : []))
    const during = calls.slice(Number(marks[0]) + 1, marks.at(-1)).filter(call => call.includes(path))
    const [here, elsewhere] = [true, false].map(own => during.filter(call => call.startsWith(`${pid} `) === own))
    expect(here).toEqual([])
    expect(elsewhere?.length).toBeGreaterThan(19)
  },
)
