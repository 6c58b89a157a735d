import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import type { Shelf, ShelfDriver } from './shelf.ts'
import type { OpenStore } from './shelf-harness.ts'

/** A store with one realistic defect. */
export interface Sabotage {
  readonly name: string
  /** What its author did wrong. */
  readonly defect: string
  /** The case that must catch it: its title names the rule that is broken. */
  readonly caughtBy: string
  readonly open: OpenStore
}

/** A portable store on a driver with a defect. */
export function onDriver(Driver: new (shelf: Shelf) => ShelfDriver): OpenStore {
  return (shelf, options) => new PortableAttachmentStore(new Driver(shelf), options)
}

/** A store that is itself defective, on a correct driver. */
export function onStore(
  Store: new (shelf: Shelf, options: PortableAttachmentStoreOptions) => PortableAttachmentStore,
): OpenStore {
  return (shelf, options) => new Store(shelf, options)
}
