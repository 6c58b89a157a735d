import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManifestHarness } from '@lash/attachments-conformance'
import {
  OneFileAttachmentManifest,
  type OneFileAttachmentManifestOptions,
} from '../src/manifest.ts'

/** Other processes load this module, and open the same data with it. */
export function open(options: OneFileAttachmentManifestOptions): OneFileAttachmentManifest {
  return new OneFileAttachmentManifest(options)
}

/** The more it declares, the more is shown; `@lash/attachments-conformance` lists what there is. */
export function manifestHarness(): ManifestHarness {
  const folder = mkdtempSync(join(tmpdir(), 'one-file-manifest-'))
  return {
    kind: 'manifest',
    name: 'one-file',
    capabilities: ['clock', 'reopen', 'child', 'durable'],
    async create() {
      // A place of its own for each: here a path, on a server a new schema or prefix.
      const options = { location: join(folder, randomUUID()) }
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
    cleanup: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
