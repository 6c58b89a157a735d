import { type AttachmentContent, PortableAttachmentStore } from '@lash/attachments-core'
import { type Shelf, ShelfDriver } from './shelf.ts'
import type { OpenStore } from './shelf-harness.ts'
import type { ShelfStore } from './shelf-store.ts'

/** What a sabotaged class says of itself. It has one realistic defect. */
interface Confession {
  readonly name: string
  /** What its author did wrong. */
  readonly defect: string
  /** The case that must catch it. The title of the case names the rule that is broken. */
  readonly caughtBy: string
}

/** A driver with a defect, or a store with a defect on a correct driver. */
export type Sabotaged = Confession & ((new (shelf: Shelf) => ShelfDriver) | typeof ShelfStore)

export function openerOf(Sabotaged: Sabotaged): OpenStore {
  return (shelf, options) => {
    const made = new Sabotaged(shelf, options)
    return made instanceof ShelfDriver ? new PortableAttachmentStore(made, options) : made
  }
}

export type PutArguments = Parameters<ShelfStore['put']>
export type ReadArguments = Parameters<ShelfDriver['read']>
export type WriteArguments = Parameters<ShelfDriver['write']>
export type StageArguments = [staging: string, content: AttachmentContent, signal: AbortSignal | undefined]
