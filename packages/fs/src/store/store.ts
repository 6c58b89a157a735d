import {
  AttachmentInvalidArgumentError,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
} from '@lash/attachments-core'
import { placed, setDriver } from '@lash/attachments-core/backend'
import { Layout } from '../disk/layout.ts'
import { type Durability, FileDriver } from './driver.ts'

export interface FileAttachmentStoreOptions extends PortableAttachmentStoreOptions {
  /** The folder. Made when something is first put. */
  root?: string | undefined
  /**
   * What a resolved `put` survives.
   *
   * - `full` (default): a crash of the process and a power cut. Files and folders are synced before `put` resolves.
   * - `relaxed`: a crash of the process (also `kill -9`), not a power cut or a crash of the machine: nothing is synced,
   *   and what was put in the seconds before may be gone or damaged afterwards (damage is noticed on reading, never
   *   returned). Readers still see all of a blob or none of it. For caches and tests, and for bytes that can be put
   *   again.
   */
  durability?: Durability | undefined
}

/**
 * Attachments in a folder: bytes in `root/sha256/<2 digits>/<name>`, metadata in `<name>.json` next to them, unfinished
 * work in `root/tmp`. Any number of processes may use one root at the same time.
 *
 * The folder is made when something is first put. Reading needs no write permission.
 */
export class FileAttachmentStore extends PortableAttachmentStore {
  /** The absolute path of the folder. */
  readonly root: string

  /**
   * @param target the options, or `root` for short.
   * @throws AttachmentInvalidArgumentError when `root` cannot be a path or an option is not known.
   */
  constructor(target: string | FileAttachmentStoreOptions, options?: FileAttachmentStoreOptions) {
    const given = placed('root', target, options)
    const { root, durability = 'full' } = given
    if (typeof root !== 'string' || root === '' || root.includes('\0')) {
      throw new AttachmentInvalidArgumentError('root must be the path of a folder')
    }
    if (durability !== 'full' && durability !== 'relaxed') {
      throw new AttachmentInvalidArgumentError("durability must be 'full' or 'relaxed'")
    }
    const layout = new Layout(root)
    super(new FileDriver(layout, durability), given)
    setDriver(this, this.driver)
    this.root = layout.root
  }
}
