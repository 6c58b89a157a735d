import type { Capability, StoreFixture, StoreHarness } from '@lash/attachments-conformance'
import { FilesSdkAttachmentStore } from '@lash/attachments-files-sdk'
import type { Adapter } from 'files-sdk'
import { damagedObject } from './damage.ts'

/** A place for one store, and what can be done to it there. */
export interface Ground extends Pick<StoreFixture, 'child' | 'staging' | 'deny' | 'disconnect' | 'stall' | 'secrets'> {
  readonly adapter: Adapter
  readonly prefix?: string
  remove(): Promise<void>
}

export interface AdapterHarness extends Pick<StoreHarness, 'name' | 'lacks' | 'cleanup'> {
  /** What this adapter can do beyond what all can. */
  readonly capabilities: readonly Capability[]
  /** A fresh and empty place of its own. */
  ground(): Promise<Ground>
}

/** What every adapter can do. Objects are damaged through the adapter, behind the store's back. */
const ofAll: readonly Capability[] = [
  ...(['generations', 'metadata-of-first-put', 'plain', 'size-limit', 'reopen'] as const),
  ...(['damage:flip', 'damage:truncate', 'damage:extend', 'damage:empty'] as const),
  ...(['damage:drop-metadata', 'damage:damage-metadata'] as const),
]

/** Tells the kit how to get at a store over an adapter. The more capabilities it has, the more is proven. */
export function adapterHarness({ name, capabilities, lacks, ground, cleanup }: AdapterHarness): StoreHarness {
  return {
    kind: 'store',
    name,
    capabilities: [...ofAll, ...capabilities],
    lacks: { ...lacks, injected: 'an adapter has no handle that could be closed' },
    async create(options) {
      const { adapter, prefix = '', remove, ...rest } = await ground()
      const open = () => new FilesSdkAttachmentStore({ adapter, prefix, ...options })
      const store = open()
      return {
        ...rest,
        store,
        reopen: async () => open(),
        async corrupt(id, damage, generation = 0) {
          const key = prefix + (generation === 0 ? id : `${id}.${generation}`)
          const object = new Uint8Array(await (await adapter.download(key)).arrayBuffer())
          await adapter.upload(key, damagedObject(object, damage))
        },
        async dispose() {
          await store.close()
          await remove()
        },
      }
    },
    cleanup,
  }
}
