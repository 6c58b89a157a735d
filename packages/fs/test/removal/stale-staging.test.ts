import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf, startScript } from '@lash/attachments-testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { meta } from '../children/bodies.ts'
import { below, makeMark, newRoot } from '../root.ts'

let root: string

beforeEach(() => {
  root = newRoot()
})

describe('a process that was killed', () => {
  test('leaves a spool file, which the next store that puts something sweeps', async () => {
    const writer = await startScript(new URL('../children/worker.ts', import.meta.url), ['stall', root])
    expect(below(root, 'sha256')).toEqual([])
    const running = new FileAttachmentStore(root)
    await running.put(new Uint8Array([1]), meta)
    await running.close()
    expect(below(root, 'tmp').some(name => name.includes('spool-'))).toBe(true)
    await writer.kill()
    const next = new FileAttachmentStore(root)
    await next.put(new Uint8Array([2]), meta)
    await next.close()
    expect(below(root, 'tmp')).toEqual(['removing-reserve'])
  })

  const dead = (unique: string): string => {
    // The id of our own writer names this machine; a thread id that cannot exist tells that this writer is dead.
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
    makeMark(root, `${writer}-1`, removing)
    // What is left of a mark that was just being made, or deleted.
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
    expect(below(root, 'tmp')).toEqual(['removing-reserve'])
    expect(below(root, 'sha256').some(name => [writing, ...removing].some(id => name.includes(id)))).toBe(false)
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
    expect(below(root, 'tmp').sort()).toEqual([
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
    const child = new URL('../children/terminates-thread.ts', import.meta.url)
    // Node warns of the files that the thread had open.
    expect(await linesOf(child, [root], { warns: true })).toEqual(['1', '0'])
  },
)
