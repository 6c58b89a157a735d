import type { AttachmentMeta } from '@lash/attachments-core'
import type { Folders } from '../disk/folders.ts'
import { type Layout, shardOf } from '../disk/layout.ts'
import type { Staging } from '../disk/staging.ts'
import type { Removal } from '../removal/removal.ts'
import { NewSidecar } from './new-sidecar.ts'

/**
 * Writes a small blob synchronously: where nothing is synced, nothing has to be waited for. The steps are those of
 * `Writer`, without its promises.
 *
 * May throw after the sidecar has its name; then the staged bytes are gone.
 */
export function writeUnsynced(
  layout: Layout,
  folders: Folders,
  removal: Removal,
  staging: Staging,
  name: string,
  bytes: Uint8Array,
  meta: AttachmentMeta,
): void {
  folders.open(shardOf(name))
  const staged = staging.stage(name, bytes)
  try {
    staged.close()
    removal.fenceOff(name)
    writeSidecar(new NewSidecar(layout, staging, name), meta)
    staged.publish(layout.bytesPath(name))
  } catch (error) {
    staged.discard()
    throw error
  }
}

function writeSidecar(sidecar: NewSidecar, meta: AttachmentMeta): void {
  try {
    sidecar.write(meta)
    sidecar.file.close()
    sidecar.publish()
  } catch (error) {
    sidecar.discard()
    throw error
  }
}
