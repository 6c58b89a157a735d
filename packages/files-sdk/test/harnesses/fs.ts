import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoreHarness } from '@lash/attachments-conformance'
import { fs } from 'files-sdk/fs'
import { adapterHarness } from './adapter.ts'

export function fsAdapterHarness(): StoreHarness {
  const folder = mkdtemp(join(tmpdir(), 'files-sdk-'))
  let count = 0
  return adapterHarness({
    name: 'files-sdk (fs)',
    capabilities: ['incremental-reads', 'staging', 'deny', 'crash-safe', 'child'],
    lacks: {
      durable: 'the adapter does not sync what it writes',
      disconnect: 'a file system is not connected to',
      stall: 'a file system cannot be kept from answering',
    },
    async ground() {
      const root = join(await folder, String(++count))
      return {
        adapter: fs({ root }),
        child: { module: new URL('../children/fs.ts', import.meta.url).href, options: { root } },
        staging: {
          list: async () => (await readdir(root).catch(() => [])).filter(name => name.endsWith('.fls-tmp')),
          async plant(id, bytes) {
            await mkdir(root, { recursive: true })
            const half = bytes.subarray(0, bytes.byteLength / 2)
            await writeFile(join(root, `${id}.64ec9dbc-7a4f-4f4c-8f60-1f2b1e6f0a11.fls-tmp`), half)
          },
        },
        deny: () => deny(root),
        remove: () => rm(root, { recursive: true, force: true }),
      }
    },
    cleanup: async () => rm(await folder, { recursive: true, force: true }),
  })
}

/** Makes every access fail, and not with "no such file". Rights would not keep root out; a link to itself does. */
async function deny(root: string): Promise<() => Promise<void>> {
  await rename(root, `${root}.aside`)
  await symlink(root, root)
  return async () => {
    await rm(root)
    await rename(`${root}.aside`, root)
  }
}
