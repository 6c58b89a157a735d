import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AttachmentDriver,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentStore,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { newFolder, sampleBytes } from '@lash/attachments-testing'
import { onTestFinished } from 'vitest'
import { driver } from '../driver.ts'

export const meta = { mediaType: 'image/png', width: 3, height: 4, label: 'a näme.png' }

/** A store over files, and how its files come to harm. */
export interface Files {
  store: AttachmentStore
  flip(key: AttachmentKey): void
  cut(key: AttachmentKey): void
  dropMetadata(key: AttachmentKey): void
}

export function files(): Files {
  const root = newFolder()
  const store = new FileAttachmentStore(root, { durability: 'relaxed' })
  onTestFinished(() => store.close())
  const path = (key: AttachmentKey) => join(root, 'sha256', key.id.slice(0, 2), physicalName(key))
  return {
    store,
    flip(key) {
      const bytes = readFileSync(path(key))
      bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] ?? 0) ^ 1
      writeFileSync(path(key), bytes)
    },
    cut: key => writeFileSync(path(key), readFileSync(path(key)).subarray(1)),
    dropMetadata: key => rmSync(`${path(key)}.json`),
  }
}

/** A blob, without the bytes of any other seed. */
export async function put(store: AttachmentStore, seed: number, byteLength = 20, generation = 0) {
  const { id } = await store.put(sampleBytes(byteLength, seed), meta, { generation })
  return { id, generation }
}

export async function namesIn(store: AttachmentStore): Promise<string[]> {
  return (await Array.fromAsync(store.list())).map(physicalName).sort()
}

/** A store over a driver that does what a test says, and nothing else. */
export function driven(overrides: Partial<AttachmentDriver>): AttachmentStore {
  return new PortableAttachmentStore(driver(overrides))
}

/** A listing of so many blobs with made-up ids. */
export function* listed(count: number, byteLength = 1): Generator<AttachmentListing> {
  for (let number = 0; number < count; number++) {
    yield { id: number.toString(16).padStart(64, '0'), generation: 0, byteLength }
  }
}
