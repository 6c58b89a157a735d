import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManifestDriverHarness, ManifestHarness } from '@lash/attachments-conformance'
import {
  MyBackendAttachmentManifest,
  type MyBackendAttachmentManifestOptions,
  MyBackendManifestDriver,
} from '../src/manifest.ts'

/** Other processes load this module, and open the same data with it. */
export function open(options: MyBackendAttachmentManifestOptions): MyBackendAttachmentManifest {
  return new MyBackendAttachmentManifest(options)
}

/** The more it declares, the more is shown; `@lash/attachments-conformance` lists what there is. */
export function manifestHarness(): ManifestHarness {
  const { next, cleanup } = places()
  return {
    kind: 'manifest',
    name: 'my-backend',
    capabilities: ['clock', 'reopen', 'child', 'crash-safe'],
    async create() {
      const options = next()
      let time: number | undefined
      const openWithClock = () => open({ ...options, now: () => time ?? Date.now() })
      const manifest = openWithClock()
      return {
        manifest,
        reopen: async () => openWithClock(),
        child: { module: import.meta.url, options },
        setClock(epochMs) {
          time = epochMs
        },
        dispose: () => manifest.close(),
      }
    },
    cleanup,
  }
}

/** The map below the manifest alone: a mistake in it is easier to see there. */
export function manifestDriverHarness(): ManifestDriverHarness {
  const { next, cleanup } = places()
  return {
    kind: 'manifest-driver',
    name: 'my-backend',
    capabilities: ['reopen', 'crash-safe'],
    async create() {
      const options = next()
      const driver = new MyBackendManifestDriver(options)
      return {
        driver,
        reopen: async () => new MyBackendManifestDriver(options),
        dispose: () => driver.close(),
      }
    },
    cleanup,
  }
}

/** A place of its own for each: here a path, on a server a new schema or prefix. */
function places() {
  const folder = mkdtempSync(join(tmpdir(), 'my-backend-manifest-'))
  return {
    next: () => ({ location: join(folder, randomUUID()) }),
    cleanup: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
