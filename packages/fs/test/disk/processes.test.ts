import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cannotRecord, strace } from '../../../../conformance/power-cut/record.ts'
import { contended, meta, staged } from '../children/bodies.ts'

const worker = fileURLToPath(new URL('../children/worker.ts', import.meta.url))
const env = { ...process.env, NODE_OPTIONS: '' }
const isRoot = process.getuid?.() === 0
let folder: string
let root: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attachments-fs-'))
  chmodSync(folder, 0o755)
  root = join(folder, 'root')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function run(task: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [worker, task, root, ...args], { env })
  return stdout.trim().split('\n')
}

/** Everything below a folder of the root. */
function below(name: string): string[] {
  const path = join(root, name)
  return existsSync(path) ? (readdirSync(path, { recursive: true }) as string[]) : []
}

async function kindOf(store: FileAttachmentStore, id: string): Promise<string> {
  try {
    await store.get(id)
    return 'whole'
  } catch (error) {
    return AttachmentStoreError.isInstance(error) ? error.code : String(error)
  }
}

/** What a removal of the names, by another process, has begun with. */
function makeMark(unique: string, names: readonly string[]): string {
  const mark = join(root, 'tmp', 'removing', unique)
  mkdirSync(mark, { recursive: true })
  writeFileSync(`${mark}.names`, `\n${names.join('\n')}\n`)
  return mark
}

describe('several processes', () => {
  test('put the same bytes at the same time', async () => {
    const printed = await Promise.all([run('same'), run('same'), run('same')])
    const ids = staged.map(bytes => contentId(bytes))
    for (const lines of printed) expect(lines).toEqual([ids.join(' ')])
    const store = new FileAttachmentStore(root)
    for (const [index, id] of ids.entries()) expect((await store.get(id)).bytes).toEqual(staged[index])
    await store.close()
    expect(below('tmp')).toEqual(['removing-reserve'])
  })

  test('put and delete the same bytes: each is whole or absent, always', async () => {
    await Promise.all([run('churn'), run('churn'), run('churn'), run('churn')])
    const store = new FileAttachmentStore(root)
    for (const bytes of contended) {
      expect(['whole', 'not_found']).toContain(await kindOf(store, contentId(bytes)))
      await store.put(bytes, meta)
      expect(await kindOf(store, contentId(bytes))).toBe('whole')
      await store.delete(contentId(bytes))
    }
    await store.close()
    expect(below('sha256').filter(name => name.length > 2)).toEqual([])
    expect(below('tmp')).toEqual(['removing-reserve'])
  })
})

describe('a process that was killed', () => {
  test('leaves a spool file, which the next store that puts something sweeps', async () => {
    const child = spawn(process.execPath, [worker, 'stall', root], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(child, 'exit')
    try {
      await once(child.stdout, 'data')
      expect(below('sha256')).toEqual([])
      const running = new FileAttachmentStore(root)
      await running.put(new Uint8Array([1]), meta)
      await running.close()
      expect(below('tmp').some(name => name.includes('spool-'))).toBe(true)
    } finally {
      child.kill('SIGKILL')
      await gone
    }
    const next = new FileAttachmentStore(root)
    await next.put(new Uint8Array([2]), meta)
    await next.close()
    expect(below('tmp')).toEqual(['removing-reserve'])
  })

  const dead = (unique: string): string => {
    // Our own name says what machine this is; a process id that cannot be says that its writer is gone.
    const [own = ''] = readdirSync(join(root, 'tmp'))
    return own.replace(/^[0-9]+/, '4194399').replace(/[0-9a-f]{8}$/, unique)
  }

  test('leaves sidecars without bytes, which are swept with its staging', async () => {
    const store = new FileAttachmentStore(root)
    await store.put(new Uint8Array([1]), meta)
    const [writing = '', ...removing] = [2, 3, 4].map(byte => contentId(new Uint8Array([byte])))
    const writer = dead('0123abcd')
    mkdirSync(join(root, 'tmp', writer))
    writeFileSync(join(root, 'tmp', writer, `${writing}~1`), 'half')
    makeMark(`${writer}-1`, removing)
    // What remains of a mark that was being made, or deleted.
    mkdirSync(join(root, 'tmp', 'removing', `${writer}-2`))
    writeFileSync(join(root, 'tmp', 'removing', `${writer}-3.names`), '')
    for (const id of [writing, ...removing]) {
      mkdirSync(join(root, 'sha256', id.slice(0, 2)))
      writeFileSync(join(root, 'sha256', id.slice(0, 2), `${id}.json`), '{}')
    }
    await store.close()
    const next = new FileAttachmentStore(root)
    await next.put(new Uint8Array([9]), meta)
    await next.close()
    expect(below('tmp')).toEqual(['removing-reserve'])
    expect(below('sha256').some(name => [writing, ...removing].some(id => name.includes(id)))).toBe(false)
  })

  test('on another machine leaves what is swept after a day without a change, and not before', async () => {
    for (const [name, age] of [
      [join('removing', '4711-1-0000000000000000-22222222-1'), 25],
      [join('removing', '4711-1-0000000000000000-22222222-2'), 23],
      ['4711-1-0000000000000000-00000000', 25],
      ['4711-1-0000000000000000-11111111', 23],
    ] as const) {
      const path = join(root, 'tmp', name)
      mkdirSync(path, { recursive: true })
      const file = join(path, name.startsWith('removing') ? 'sidecar' : 'spool-1')
      writeFileSync(file, 'x')
      const then = Date.now() / 1000 - age * 3600
      utimesSync(file, then, then)
      utimesSync(path, then, then)
    }
    const store = new FileAttachmentStore(root)
    await store.put(new Uint8Array([1]), meta)
    await store.close()
    expect(below('tmp').sort()).toEqual([
      '4711-1-0000000000000000-11111111',
      join('4711-1-0000000000000000-11111111', 'spool-1'),
      'removing',
      'removing-reserve',
      join('removing', '4711-1-0000000000000000-22222222-2'),
      join('removing', '4711-1-0000000000000000-22222222-2', 'sidecar'),
    ])
  })
})

test.skipIf(process.platform !== 'linux')(
  'what a thread left that was terminated is swept while its process lives, and not before',
  async () => {
    const child = fileURLToPath(new URL('../children/terminates-thread.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [child, root], { env })
    expect(stdout.trim().split('\n')).toEqual(['1', '0'])
  },
)

test.skipIf(process.platform === 'win32').each(['full', 'relaxed'])(
  'a spooled body that cannot be opened, for there are too many open files, leaves nothing (%s)',
  async durability => {
    const child = fileURLToPath(new URL('../children/runs-out-of-files.ts', import.meta.url))
    const limited = ['-c', 'ulimit -n 100 && exec "$0" "$@"', process.execPath, child, root, durability]
    const { stdout } = await promisify(execFile)('sh', limited, { env })
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([['refused', true], ['left'], ['again', true]])
    expect(below('tmp')).toEqual(['removing-reserve'])
  },
)

describe('a removal and a write of the same name', () => {
  const bytes = new Uint8Array([1, 2, 3])
  const id = contentId(bytes)
  const shard = id.slice(0, 2)

  const other = contentId(new Uint8Array([4]))
  const unique = '4711-1-0000000000000000-00000000-1'

  test('the write takes away the mark of the removal, with the sidecar that it has taken', async () => {
    for (const taken of [false, true]) {
      const mark = makeMark(unique, [other, id])
      if (taken) writeFileSync(join(mark, 'sidecar'), '{}')
      const store = new FileAttachmentStore(root)
      await store.put(bytes, meta)
      expect(below(join('tmp', 'removing'))).toEqual([])
      expect(await kindOf(store, id)).toBe('whole')
      await store.delete(id)
      await store.close()
    }
  })

  test('the write leaves alone the mark of a removal of other names, and one whose list has only begun', async () => {
    const marks = [makeMark(unique, [other, `${id}.1`]), makeMark('4711-1-0000000000000000-00000000-2', [])]
    writeFileSync(`${marks[1]}.names`, `\n${id}`)
    const store = new FileAttachmentStore(root)
    await store.put(bytes, meta)
    for (const mark of marks) expect(existsSync(mark)).toBe(true)
    await store.close()
  })

  test('the removal takes back what the write has staged, whoever the writer is', async () => {
    const store = new FileAttachmentStore(root)
    await store.put(bytes, meta)
    const writer = join(root, 'tmp', '4711-1-0000000000000000-00000000')
    mkdirSync(writer)
    for (const name of [`${id}~1`, `${id}.json~2`, `${id}.1~3`, `${other}~4`]) writeFileSync(join(writer, name), 'x')
    await store.delete(id)
    expect(readdirSync(writer).sort()).toEqual([`${id}.json~2`, `${id}.1~3`, `${other}~4`].sort())
    expect(readdirSync(join(root, 'sha256', shard))).toEqual([])
    await store.close()
  })
})

describe.skipIf(!isRoot && process.platform === 'win32')('permissions', () => {
  // As root nothing is denied, so a child gives up being root.
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
  /** Two puts of the same bytes in a process in which fsync number `when` fails. */
  const failing = async (error: string, when: string): Promise<string[]> => {
    const inject = [
      '-f',
      '-qq',
      '--seccomp-bpf',
      '-o',
      join(folder, 'log'),
      '-e',
      'trace=fsync',
      '-e',
      `inject=fsync:error=${error}:when=${when}`,
    ]
    const { stdout } = await promisify(execFile)(strace as string, [...inject, process.execPath, worker, 'two', root], {
      env: { ...env, UV_THREADPOOL_SIZE: '1' },
    })
    return stdout.trim().split('\n')
  }

  test('a sync that fails fails the put, and a later one that succeeds is not believed', async () => {
    // The folders are there and durable, so that the syncs are those of the put itself.
    const store = new FileAttachmentStore(root)
    await store.put(new Uint8Array([1]), meta)
    await store.delete(contentId(new Uint8Array([1])))
    await store.close()
    let failures = 0
    // The first syncs are of the folders above the root: one of them will do.
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
