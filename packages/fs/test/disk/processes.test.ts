import { chmodSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf } from '@lash/attachments-testing'
import { cannotRecord, strace } from '@lash/attachments-testing/power-cut'
import { beforeEach, describe, expect, test } from 'vitest'
import { contended, meta, staged } from '../children/bodies.ts'
import { below, newRoot, outcomeOfGet } from '../root.ts'

const worker = new URL('../children/worker.ts', import.meta.url)
const isRoot = process.getuid?.() === 0
let root: string

beforeEach(() => {
  root = newRoot()
  chmodSync(dirname(root), 0o755)
})

function run(task: string, ...args: string[]): Promise<string[]> {
  return linesOf(worker, [task, root, ...args])
}

describe('several processes', () => {
  test('put the same bytes at the same time', async () => {
    const printed = await Promise.all([run('same'), run('same'), run('same')])
    const ids = staged.map(bytes => contentId(bytes))
    for (const lines of printed) expect(lines).toEqual([ids.join(' ')])
    const store = new FileAttachmentStore(root)
    for (const [index, id] of ids.entries()) expect((await store.get(id)).bytes).toEqual(staged[index])
    await store.close()
    expect(below(root, 'tmp')).toEqual(['removing-reserve'])
  })

  test('put and delete the same bytes: each is whole or absent, always', async () => {
    await Promise.all([run('churn'), run('churn'), run('churn'), run('churn')])
    const store = new FileAttachmentStore(root)
    for (const bytes of contended) {
      expect(['whole', 'not_found']).toContain(await outcomeOfGet(store, contentId(bytes)))
      await store.put(bytes, meta)
      expect(await outcomeOfGet(store, contentId(bytes))).toBe('whole')
      await store.delete(contentId(bytes))
    }
    await store.close()
    expect(below(root, 'sha256').filter(name => name.length > 2)).toEqual([])
    expect(below(root, 'tmp')).toEqual(['removing-reserve'])
  })
})

test.skipIf(process.platform === 'win32').each(['full', 'relaxed'])(
  'a spooled body that cannot be opened, for there are too many open files, leaves nothing (%s)',
  async durability => {
    const child = new URL('../children/runs-out-of-files.ts', import.meta.url)
    const under = ['sh', '-c', 'ulimit -n 100 && exec "$0" "$@"']
    const lines = await linesOf(child, [root, durability], { under })
    expect(lines.map(line => JSON.parse(line))).toEqual([['refused', true], ['left'], ['again', true]])
    expect(below(root, 'tmp')).toEqual(['removing-reserve'])
  },
)

describe.skipIf(!isRoot && process.platform === 'win32')('permissions', () => {
  // Nothing is denied to root, so a child gives up being root.
  test.skipIf(!isRoot)('a denied path is an I/O error with advice, never not found', async () => {
    const store = new FileAttachmentStore(root)
    await store.put(new Uint8Array([1, 2, 3]), meta)
    await store.close()
    chmodSync(join(root, 'sha256'), 0o700)
    for (const line of await run('denied', '65534')) {
      expect(line).toMatch(/^io: cannot .*: (EACCES|EPERM); check the owner and the permissions/)
    }
  })
})

if (cannotRecord !== undefined) console.log(`tests of a failing disk skipped: ${cannotRecord}`)

describe.skipIf(cannotRecord !== undefined)('a disk that fails', () => {
  /** The outcomes of two puts of the same bytes, in a process in which fsync number `when` fails. */
  const failing = (error: string, when: string): Promise<string[]> => {
    const log = ['-f', '-qq', '--seccomp-bpf', '-o', join(dirname(root), 'log')]
    const inject = ['-e', 'trace=fsync', '-e', `inject=fsync:error=${error}:when=${when}`]
    const under = [strace as string, ...log, ...inject]
    return linesOf(worker, ['two', root], { under, env: { UV_THREADPOOL_SIZE: '1' } })
  }

  test('a sync that fails fails the put, and a later one that succeeds is not believed', async () => {
    // The folders are there and durable, so that only the put itself syncs.
    const store = new FileAttachmentStore(root)
    await store.put(new Uint8Array([1]), meta)
    await store.delete(contentId(new Uint8Array([1])))
    await store.close()
    let failures = 0
    // The first syncs are those of the folders above the root: trying one of them is enough.
    for (const when of [1, 5, 6, 7, 8, 9, 10, 11, 12]) {
      const [first = '', second = ''] = await failing('EIO', String(when))
      if (first === 'fine') break
      failures++
      expect(first).toMatch(/^io: cannot sync .*: EIO; the disk reports a failure/)
      if (first.includes('sync the folder')) {
        expect(second).toMatch(/^io: cannot trust, because an earlier sync in it failed/)
      } else {
        expect(second).toBe('fine')
      }
      const again = new FileAttachmentStore(root)
      await again.delete(contentId(new Uint8Array([1])))
      await again.close()
    }
    expect(failures).toBeGreaterThanOrEqual(4)
  })
})
