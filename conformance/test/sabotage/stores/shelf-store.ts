import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import { type Shelf, ShelfDriver } from './shelf.ts'

/** A correct store on a shelf. A sabotaged store begins from it, and can reach the shelf past the driver. */
export class ShelfStore extends PortableAttachmentStore {
  protected readonly shelf: Shelf

  constructor(shelf: Shelf, options: PortableAttachmentStoreOptions) {
    super(new ShelfDriver(shelf), options)
    this.shelf = shelf
  }
}
