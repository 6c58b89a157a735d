import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { AttachmentDriverRead, AttachmentKey } from '@lash/attachments-core'
import { readOnly, scratch, synchronousReadBytes } from '../disk/disk.ts'
import type { Layout } from '../disk/layout.ts'
import { decodeSidecar, isWholeSidecar, sidecarPieceBytes } from '../store/sidecar.ts'
import type { Big } from './big-read.ts'

/**
 * Reads a small blob that is as it should be, or measures a big one, where the disk is fast. The steps are those of
 * `readBlob`, in plain calls: as steps that can pause they took a tenth longer. Undefined for all else: the caller
 * looks more closely, and says what is wrong.
 */
export function readSmallBlob(
  layout: Layout,
  name: string,
  key: AttachmentKey,
): AttachmentDriverRead | Big | undefined {
  try {
    return using(layout.bytesPath(name), descriptor => {
      const path = layout.sidecarPath(name)
      const sidecar = using(path, readSidecar)
      const meta = sidecar && decodeSidecar(key.id, path, sidecar)
      if (meta === undefined) return undefined
      const { byteLength } = meta
      if (byteLength > synchronousReadBytes) {
        return fstatSync(descriptor).size === byteLength ? { meta, start: 0, end: byteLength } : undefined
      }
      const body = readAtOnce(descriptor, byteLength + 1)
      return body.byteLength === byteLength ? { meta, body: new Uint8Array(body) } : undefined
    })
  } catch {
    return undefined
  }
}

function readSidecar(descriptor: number): Uint8Array | undefined {
  const piece = readAtOnce(descriptor, sidecarPieceBytes)
  return isWholeSidecar(piece) ? piece : undefined
}

/** The next read overwrites what this one gives. */
function readAtOnce(descriptor: number, length: number): Uint8Array {
  return scratch.subarray(0, readSync(descriptor, scratch, 0, length, 0))
}

function using<T>(path: string, read: (descriptor: number) => T): T {
  const descriptor = openSync(path, readOnly)
  try {
    return read(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
