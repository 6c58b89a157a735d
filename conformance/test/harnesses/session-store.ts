import type { Capability, StoreFixture, StoreHarness } from '@lash/attachments-conformance'
import { type AttachmentManifest, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { fsStoreHarness } from './fs.ts'
import { memoryStoreHarness } from './memory.ts'
import { TemporaryFolder } from './temporary-folder.ts'

const sessionId = 'conformance'

/** A session-scoped store over memory, run through the same cases as any other store. */
export function memorySessionStoreHarness(): StoreHarness {
  return sessionStoreHarness('session (memory)', memoryStoreHarness(), async () => {
    const manifest = new InMemoryAttachmentManifest()
    return { manifest, options: null, remove: () => manifest.close() }
  })
}

/** A session-scoped store over fs and an sqlite manifest, run through the same cases as any other store. */
export function fsSessionStoreHarness(): StoreHarness {
  const folder = new TemporaryFolder('conformance-session')
  const inner = fsStoreHarness()
  const harness = sessionStoreHarness('session (fs, sqlite)', inner, async () => {
    const path = `${await folder.next()}.db`
    const manifest = new SqliteAttachmentManifest({ path })
    return { manifest, options: path, remove: () => manifest.close() }
  })
  return {
    ...harness,
    async cleanup() {
      await inner.cleanup()
      await folder.remove()
    },
  }
}

interface OpenedManifest {
  manifest: AttachmentManifest
  options: string | null
  remove(): Promise<void>
}

/** What a session's view lacks: `lacks` below says why. */
const ofPlainStoresOnly: readonly Capability[] = ['generations', 'metadata-of-first-put', 'plain', 'injected']

function sessionStoreHarness(
  name: string,
  inner: StoreHarness,
  openManifest: () => Promise<OpenedManifest>,
): StoreHarness {
  return {
    ...inner,
    name,
    capabilities: [
      ...inner.capabilities.filter(capability => !ofPlainStoresOnly.includes(capability)),
      ...(inner.capabilities.includes('reopen') ? [] : (['reopen'] as const)),
    ],
    lacks: {
      ...inner.lacks,
      generations: 'the manifest chooses the generation',
      'metadata-of-first-put': 'a session sees its own metadata',
      plain: 'what a session puts is pending until it is committed',
      injected: 'closing a view closes nothing else',
    },
    async create(options): Promise<StoreFixture> {
      const fixture = await inner.create(options)
      const { manifest, options: path, remove } = await openManifest()
      const { child, corrupt } = fixture
      const view = () => new SessionScopedAttachmentStore(fixture.store, manifest, sessionId)
      return {
        ...fixture,
        store: view(),
        reopen: async () => view(),
        ...(child === undefined
          ? {}
          : {
              child: {
                module: new URL('../children/session-store.ts', import.meta.url).href,
                options: { inner: { ...child }, path, sessionId },
              },
            }),
        ...(corrupt === undefined
          ? {}
          : {
              async corrupt(id, damage) {
                const entry = await manifest.lookup(sessionId, id)
                await corrupt.call(fixture, id, damage, entry?.generation)
              },
            }),
        async dispose() {
          await remove()
          await fixture.dispose()
        },
      }
    },
  }
}
