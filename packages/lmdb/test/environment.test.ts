import { mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  AttachmentInvalidArgumentError,
  AttachmentIoError,
  contentId,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { LmdbAttachmentManifest, LmdbAttachmentStore, LmdbManifestDriver } from '@lash/attachments-lmdb'
import { newFolder } from '@lash/attachments-testing'
import { describe, expect, onTestFinished, test } from 'vitest'

const text = { mediaType: 'text/plain' }

function closing<T extends { close(): Promise<void> }>(closable: T): T {
  onTestFinished(() => closable.close())
  return closable
}

function bytesOf(name: string, length = 0): Uint8Array {
  return new TextEncoder().encode(name.padEnd(length, '.'))
}

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['no path', {}],
  ['an empty path', ''],
  ['a path that is no text', { path: 7 }],
  ['a path with NUL', 'a\0b'],
])('%s is refused', (_what, target) => {
  for (const open of [LmdbAttachmentStore, LmdbAttachmentManifest]) {
    expect(() => new open(target as never)).toThrow(AttachmentInvalidArgumentError)
  }
})

describe('the folder', () => {
  test('is made with those above it, also with a dot in its name', async () => {
    const path = join(newFolder(), 'deep', 'chats.v1')
    const store = closing(new LmdbAttachmentStore(path))
    await store.put(bytesOf('a'), text)
    expect(readdirSync(path).sort()).toEqual(['data.mdb', 'lock.mdb'])
  })

  test.each<[string, (path: string) => void]>([
    ['is a file', path => writeFileSync(path, 'a')],
    ...['x'.repeat(10_000), 'short', '\0'.repeat(8192)].map((content): [string, (path: string) => void] => [
      `has a data.mdb of something else, of ${content.length} bytes`,
      path => {
        mkdirSync(path)
        writeFileSync(join(path, 'data.mdb'), content)
      },
    ]),
  ])('that %s is refused', (_what, spoil) => {
    const path = join(newFolder(), 'spoilt')
    spoil(path)
    for (const open of [LmdbAttachmentStore, LmdbAttachmentManifest]) {
      expect(() => new open(path)).toThrow(AttachmentIoError)
      expect(() => new open(path)).toThrow(path)
    }
  })
})

test('a constructor that throws leaves nothing open', async () => {
  const path = newFolder()
  expect(() => new LmdbAttachmentStore({ path, maxByteLength: -1 })).toThrow(AttachmentInvalidArgumentError)
  expect(() => new LmdbAttachmentManifest({ path, tombstoneRetentionMs: -1 })).toThrow(AttachmentInvalidArgumentError)
  await expect.poll(() => openFiles(path)).toEqual([])
})

test('all of a process share one environment, and the last that closes closes it', async () => {
  const path = newFolder()
  const store = new LmdbAttachmentStore(path)
  const again = new LmdbAttachmentStore(join(path, '..', path.split('/').at(-1) as string))
  const manifest = new LmdbAttachmentManifest({ path })
  const driver = new LmdbManifestDriver({ path })
  // A second handle would wait in this thread for a lock that the first cannot let go of without it.
  const refs = await Promise.all(
    Array.from({ length: 20 }, (_, index) => [store, again][index % 2]?.put(bytesOf(`of ${index}`), text)),
  )
  await store.close()
  await driver.close()
  for (const ref of refs) expect((await again.get(ref?.id as string)).bytes.byteLength).toBeGreaterThan(0)
  const session = new SessionScopedAttachmentStore(again, manifest, 'session')
  const { id } = await session.put(bytesOf('kept'), text)
  await session.commit()
  await again.close()
  await manifest.close()
  expect(openFiles(path)).toEqual([])
  const reopened = closing(new LmdbAttachmentStore(path))
  expect((await reopened.get(id)).bytes).toEqual(bytesOf('kept'))
})

test('what is deleted makes room for what is put', async () => {
  const path = newFolder()
  const store = closing(new LmdbAttachmentStore(path))
  const manifest = closing(new LmdbAttachmentManifest(path))
  let full = 0
  for (let round = 0; round < 12; round++) {
    const session = new SessionScopedAttachmentStore(store, manifest, `session ${round}`)
    await session.put(bytesOf(`round ${round}`, 3_000_000), text)
    await session.commit()
    await session.release()
    await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
    if (round === 3) full = sizeOf(path)
  }
  expect(sizeOf(path)).toBeLessThan(1.5 * full)
})

test('a range of a big blob is read across its chunks', async () => {
  const store = closing(new LmdbAttachmentStore(newFolder()))
  const bytes = new Uint8Array(1_000_000).map((_byte, index) => Math.imul(index, 2_654_435_761) >>> 13)
  const { id } = await store.put(bytes, text)
  expect(id).toBe(contentId(bytes))
  for (const [start, end] of [
    [262_143, 262_145],
    [0, 262_144],
    [262_144, 786_432],
    [999_999, 2_000_000],
  ] as const) {
    const { body } = await store.stream(id, { start, end })
    expect(await new Response(body).bytes()).toEqual(bytes.slice(start, end))
  }
})

/** What this process has open below the folder, where the system tells. */
function openFiles(path: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc/self/fd').filter(descriptor => linkOf(descriptor).startsWith(`${path}/`))
}

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return ''
  }
}

function sizeOf(path: string): number {
  return statSync(join(path, 'data.mdb')).size
}
