import { hasCapability } from '../declared/capabilities.ts'
import type { Capability, ManifestHarness, SessionHarness, StoreHarness } from '../harness.ts'

/** What a pair can do when both of its halves can. */
const ofBoth: readonly Capability[] = ['crash-safe', 'durable', 'reopen']
/** What a pair can do when its manifest can. */
const ofManifest: readonly Capability[] = ['transaction', 'clock']

/** A store and a manifest that do not know each other, as one harness. */
export function pairHarness(storeHarness: StoreHarness, manifestHarness: ManifestHarness): SessionHarness {
  const both = [storeHarness, manifestHarness]
  const timeouts = both.flatMap(({ timeoutMs = [] }) => timeoutMs)
  return {
    kind: 'session',
    name: `${storeHarness.name} x ${manifestHarness.name}`,
    capabilities: [
      ...ofBoth.filter(capability => both.every(half => hasCapability(half, capability))),
      ...ofManifest.filter(capability => manifestHarness.capabilities.includes(capability)),
    ],
    lacks: { ...storeHarness.lacks, ...manifestHarness.lacks },
    ...(timeouts.length === 0 ? {} : { timeoutMs: Math.max(...timeouts) }),
    async create() {
      const bytes = await storeHarness.create()
      const refs = await manifestHarness.create()
      const { reopen: reopenStore } = bytes
      const { reopen: reopenManifest, begin, setClock } = refs
      return {
        store: bytes.store,
        manifest: refs.manifest,
        ...(reopenStore === undefined || reopenManifest === undefined
          ? {}
          : { reopen: async () => ({ store: await reopenStore(), manifest: await reopenManifest() }) }),
        ...(begin === undefined ? {} : { begin }),
        ...(setClock === undefined ? {} : { setClock }),
        async dispose() {
          await refs.dispose()
          await bytes.dispose()
        },
      }
    },
    async versions() {
      return { ...(await storeHarness.versions?.()), ...(await manifestHarness.versions?.()) }
    },
    async cleanup() {
      await storeHarness.cleanup()
      await manifestHarness.cleanup()
    },
  }
}
