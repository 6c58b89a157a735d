import { chmod, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Damage,
  damagedBytes,
  packageVersions,
  type StoreFixture,
  type StoreHarness,
} from '@lash/attachments-conformance'
import { physicalName } from '@lash/attachments-core/backend'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { plainStore } from './capabilities.ts'
import { damagesBytes, damagesMetadata } from './damage.ts'
import { TemporaryFolder } from './temporary-folder.ts'

export function fsStoreHarness({ durability = 'full' }: { durability?: 'full' | 'relaxed' } = {}): StoreHarness {
  const folder = new TemporaryFolder('conformance-fs')
  return {
    kind: 'store',
    name: durability === 'full' ? 'fs' : 'fs (relaxed)',
    capabilities: [
      ...plainStore,
      ...damagesBytes,
      ...damagesMetadata,
      ...(['incremental-reads', 'staging', 'deny', 'reopen', 'child'] as const),
      durability === 'full' ? 'durable' : 'crash-safe',
    ],
    lacks: {
      disconnect: 'a file system is not connected to',
      stall: 'a file system cannot be kept from answering',
      injected: 'it is not given a handle',
    },
    async create(options): Promise<StoreFixture> {
      const root = await folder.next()
      const open = () => new FileAttachmentStore(root, { ...options, durability })
      const store = open()
      const paths = (id: string, generation: number) => {
        const bytes = join(root, 'sha256', id.slice(0, 2), physicalName({ id, generation }))
        return { bytes, sidecar: `${bytes}.json` }
      }
      return {
        store,
        child: { module: new URL('../children/fs-store.ts', import.meta.url).href, options: { root, durability } },
        reopen: async () => open(),
        corrupt: (id, damage, generation = 0) => corrupt(paths(id, generation), damage),
        deny: () => deny(join(root, 'sha256')),
        staging: {
          list: () => filesBelow(join(root, 'tmp')),
          async plant(id, bytes) {
            // As a writer on another machine leaves it: nobody here can know whether that writer lives.
            const writer = join(root, 'tmp', `4711-1-${'0'.repeat(16)}-deadbeef`)
            await mkdir(writer, { recursive: true })
            await writeFile(join(writer, `${id}~1`), bytes.subarray(0, bytes.byteLength / 2))
            await writeFile(join(writer, 'spool-1'), bytes)
            await writeFile(join(root, 'tmp', `${id}~1`), bytes)
            // Metadata gets its name before the bytes get theirs.
            const { sidecar } = paths(id, 0)
            await mkdir(join(sidecar, '..'), { recursive: true })
            const meta = { id, media_type: 'application/octet-stream', byte_len: bytes.byteLength }
            await writeFile(sidecar, JSON.stringify(meta))
          },
        },
        async dispose() {
          await store.close()
          await rm(root, { recursive: true, force: true })
        },
      }
    },
    versions: async () => packageVersions(import.meta.url, '@lash/attachments-fs'),
    cleanup: () => folder.remove(),
  }
}

async function corrupt(paths: { bytes: string; sidecar: string }, damage: Damage): Promise<void> {
  if (damage === 'drop-metadata') return rm(paths.sidecar)
  if (damage === 'damage-metadata') return writeFile(paths.sidecar, '{"id": "')
  await writeFile(paths.bytes, damagedBytes(await readFile(paths.bytes), damage))
}

/** Makes every access to a folder fail, and not with "no such file". Permissions do not keep root out; a loop does. */
async function deny(folder: string): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0)
    return () => chmod(folder, 0o755)
  }
  await rename(folder, `${folder}.aside`)
  await symlink(folder, folder)
  return async () => {
    await rm(folder)
    await rename(`${folder}.aside`, folder)
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => entry.name)
}
