import type { Damage, StoreFixture, StoreHarness, StoreOptions } from '@lash/attachments-conformance'
import { type AttachmentStore, PortableAttachmentStore } from '@lash/attachments-core'
import { physicalName } from '@lash/attachments-core/backend'
import { type Item, Shelf, ShelfDriver } from './shelf.ts'

/** Opens a store on a shelf. */
export type OpenStore = (shelf: Shelf, options: StoreOptions) => AttachmentStore

export const secret = 'pa55word'

/** A harness for stores on shelves: capable of all that needs no other process. */
export function shelfHarness(
  name: string = 'shelf',
  open: OpenStore = (shelf, options) => new PortableAttachmentStore(new ShelfDriver(shelf), options),
  timeoutMs: number = 10_000,
): StoreHarness {
  return {
    kind: 'store',
    name,
    timeoutMs,
    capabilities: [
      'generations',
      'metadata-of-first-put',
      'plain',
      'size-limit',
      'incremental-reads',
      'staging',
      'damage:flip',
      'damage:truncate',
      'damage:extend',
      'damage:empty',
      'damage:drop-metadata',
      'damage:damage-metadata',
      'deny',
      'disconnect',
      'injected',
      'stall',
      'durable',
      'reopen',
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
    dispose: () => store.close(),
  }
}

function damageItem(item: Item, damage: Damage): void {
  const { bytes } = item
  switch (damage) {
    case 'flip':
      item.bytes = bytes.slice()
      item.bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] ?? 0) ^ 1
      return
    case 'truncate':
      item.bytes = bytes.slice(0, -1)
      return
    case 'extend':
      item.bytes = Buffer.concat([bytes, Buffer.of(0)])
      return
    case 'empty':
      item.bytes = new Uint8Array(0)
      return
    case 'drop-metadata':
      item.meta = undefined
      return
    case 'damage-metadata':
      item.meta = 'not JSON'
  }
}
