import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import { type Shelf, ShelfDriver } from './shelf.ts'

/** A correct store on a shelf that it can reach past its driver, for the sabotaged ones to begin from. */
export class ShelfStore extends PortableAttachmentStore {
  protected readonly shelf: Shelf

  constructor(shelf: Shelf, options: PortableAttachmentStoreOptions) {
    super(new ShelfDriver(shelf), options)
    this.shelf = shelf
  }
}
