import {
  type Damage,
  damagedBytes,
  type StoreFixture,
  type StoreHarness,
  type StoreOptions,
} from '@lash/attachments-conformance'
import { type AttachmentStore, PortableAttachmentStore } from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { plainStore } from '../../harnesses/capabilities.ts'
import { damagesBytes, damagesMetadata } from '../../harnesses/damage.ts'
import { type Item, Shelf, ShelfDriver } from './shelf.ts'

/** Opens a store on a shelf. */
export type OpenStore = (shelf: Shelf, options: StoreOptions) => AttachmentStore

export const secret = 'pa55word'

/** A harness for stores on shelves. It is capable of everything that needs no other process. */
export function shelfHarness(
  name: string = 'shelf',
  open: OpenStore = (shelf, options) => new PortableAttachmentStore(new ShelfDriver(shelf), options),
  timeoutMs: number = 60_000,
): StoreHarness {
  return {
    kind: 'store',
    name,
    timeoutMs,
    capabilities: [
      ...plainStore,
      ...damagesBytes,
      ...damagesMetadata,
      ...(['incremental-reads', 'staging', 'deny', 'disconnect', 'stall', 'injected', 'durable', 'reopen'] as const),
    ],
    lacks: { child: 'a shelf is in the memory of one process' },
    create: async options => fixture(open, options),
    cleanup: async () => {},
  }
}

function fixture(open: OpenStore, options: StoreOptions = {}): StoreFixture {
  const shelf = new Shelf()
  const store = open(shelf, options)
  const failing = (error: Error) => async () => {
    shelf.failure = error
    return async () => {
      shelf.failure = undefined
    }
  }
  return {
    store,
    secrets: [secret],
    reopen: async () => open(shelf, options),
    async corrupt(id, damage, generation = 0) {
      const item = shelf.items.get(physicalName({ id, generation }))
      if (item === undefined) throw new Error('nothing to damage')
      damageItem(item, damage)
    },
    staging: {
      list: async () => [...shelf.staged.keys()],
      async plant(id, bytes) {
        // Under the first name that a writer would choose.
        shelf.staged.set(`${id}~1`, bytes.subarray(0, bytes.byteLength / 2))
      },
    },
    deny: failing(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })),
    disconnect: failing(new Error('connect ECONNREFUSED')),
    async stall() {
      const { promise, resolve } = Promise.withResolvers<void>()
      shelf.stalled = promise
      return async () => {
        shelf.stalled = undefined
        resolve()
      }
    },
    injected: { isOpen: async () => shelf.handleOpen },
    async dispose() {
      await store.close()
      shelf.end()
    },
  }
}

function damageItem(item: Item, damage: Damage): void {
  if (damage === 'drop-metadata') item.meta = undefined
  else if (damage === 'damage-metadata') item.meta = 'not JSON'
  else item.bytes = damagedBytes(item.bytes, damage)
}
