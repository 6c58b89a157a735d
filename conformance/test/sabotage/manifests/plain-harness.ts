import { type ManifestHarness, pairHarness, type SessionHarness } from '@lash/attachments-conformance'
import { memoryStoreHarness } from '../../harnesses/memory.ts'
import { Notebook } from './notebook.ts'
import { PlainManifest } from './plain-manifest.ts'

export type PlainManifestClass = new (notebook: Notebook) => PlainManifest

/** A harness for a manifest in a notebook, with every capability that needs no other process. */
export function plainManifestHarness(Manifest: PlainManifestClass = PlainManifest): ManifestHarness {
  return {
    kind: 'manifest',
    name: Manifest.name,
    timeoutMs: 60_000,
    capabilities: ['clock', 'transaction', 'reopen', 'durable'],
    lacks: { child: 'a notebook is in the memory of one process' },
    async create() {
      const notebook = new Notebook()
      const manifest = new Manifest(notebook)
      return {
        manifest,
        reopen: async () => new Manifest(notebook),
        begin: () => manifest.begin(),
        setClock: epochMs => {
          notebook.time = epochMs
        },
        dispose: () => manifest.close(),
      }
    },
    cleanup: async () => {},
  }
}

/** Pairs the manifest with a store in memory. */
export function plainPairHarness(Manifest: PlainManifestClass = PlainManifest): SessionHarness {
  return pairHarness(memoryStoreHarness(), plainManifestHarness(Manifest))
}
