import type { AttachmentMeta } from '@lash/attachments-core'
import type { Folders } from '../disk/folders.ts'
import { type Layout, shardOf } from '../disk/layout.ts'
import type { Staging } from '../disk/staging.ts'
import type { Removal } from '../removal/removal.ts'
import { encodeSidecar } from './sidecar.ts'

/**
 * Writes a small blob in one go, where nothing is synced and so nothing is waited for. The steps are those of `Writer`, but the sidecar
 * is written directly under its name, unless the name is taken: that saves a rename.
 *
 * So a sidecar that is not yet whole can be seen, but never beside bytes, which is what makes it no blob:
 *
 * - A sidecar is made only where none is. Where none is there are no bytes (see removal.ts), and a write that had named its sidecar before
 *   and lost it to a removal has been fenced off: it will not name its bytes.
 * - So whoever names the bytes while this sidecar has the name has either written it, and is done with that, or found the name
 *   taken and has put a whole sidecar in its place.
 * - A removal may take it half written: it has deleted our staged bytes before, so we start again.
 * - Killed in between, we leave a sidecar without bytes, as after any write that was killed. The next put replaces it.
 *
 * A reader that has found bytes just before they were removed may meet a sidecar that is not whole: it looks again (see read.ts).
 *
 * May throw after the sidecar has its name; the staged bytes are gone then.
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
  const path = layout.bytesPath(name)
  const staged = staging.stage(name, bytes)
  try {
    staged.close()
    removal.fenceOff(name)
    const sidecar = Buffer.from(encodeSidecar(meta))
    if (!staging.createUnder(`${path}.json`, sidecar)) {
      const replacing = staging.stage(`${name}.json`, sidecar)
      replacing.close()
      replacing.publish(`${path}.json`)
    }
    staged.publish(path)
  } catch (error) {
    staged.discard()
    throw error
  }
}
