import { closeSync, openSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs'
import type { AttachmentMeta } from '@lash/attachments-core'
import type { Folders } from '../disk/folders.ts'
import { hasCode } from '../disk/io-error.ts'
import { type Layout, shardOf } from '../disk/layout.ts'
import type { Steps } from '../disk/pace.ts'
import { exclusive, type Staging } from '../disk/staging.ts'
import type { Removal } from '../removal/removal.ts'
import { mayBeReplacedOpen } from './new-sidecar.ts'
import { encodeSidecar } from './sidecar.ts'

/**
 * Writes a small blob where nothing is synced and the disk is fast, so that nothing has to be waited for. The steps are
 * those of `Writer`, in plain calls: anything that can pause makes such a write a tenth slower.
 *
 * May throw after the sidecar has its name; then the staged bytes are gone. The caller tries again, and throws what
 * fails then.
 */
export function* writeUnsynced(
  layout: Layout,
  folders: Folders,
  removal: Removal,
  staging: Staging,
  name: string,
  bytes: Uint8Array,
  meta: AttachmentMeta,
): Steps<void> {
  yield* folders.make(shardOf(name))
  const path = layout.bytesPath(name)
  const staged = staging.newPath(name)
  try {
    writeNew(staged, bytes)
    yield* removal.fenceOff(name)
    const sidecar = Buffer.from(encodeSidecar(meta))
    const isFree = mayBeReplacedOpen && statSync(path, { throwIfNoEntry: false }) === undefined
    if (!isFree || !writeIfFree(layout.sidecarPath(name), sidecar)) {
      replace(layout.sidecarPath(name), staging.newPath(`${name}.json`), sidecar)
    }
    renameSync(staged, path)
  } catch (error) {
    discard(staged)
    throw error
  }
}

function writeIfFree(path: string, bytes: Uint8Array): boolean {
  try {
    writeNew(path, bytes)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

function replace(path: string, staged: string, bytes: Uint8Array): void {
  try {
    writeNew(staged, bytes)
    renameSync(staged, path)
  } catch (error) {
    discard(staged)
    throw error
  }
}

function writeNew(path: string, bytes: Uint8Array): void {
  const descriptor = openSync(path, exclusive)
  try {
    let offset = 0
    do {
      offset += writeSync(descriptor, bytes, offset, bytes.byteLength - offset)
    } while (offset < bytes.byteLength)
  } finally {
    closeSync(descriptor)
  }
}

function discard(staged: string): void {
  try {
    unlinkSync(staged)
  } catch {
    // It was never made; or `Folders.close` deletes it, or the sweep of this writer's folder.
  }
}
