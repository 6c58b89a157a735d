import type { Stats } from 'node:fs'
import { type AttachmentId, AttachmentMetadataDecodeError } from '@lash/attachments-core'
import type { Disk } from '../disk/disk.ts'
import type { Layout } from '../disk/layout.ts'
import type { Steps } from '../disk/pace.ts'
import { identityOf, lookAt } from '../disk/stat.ts'
import { decodeSidecar, readSidecarFile } from './sidecar.ts'

/**
 * Whether a put need not write a blob: its bytes have the right length, and its sidecar is readable and says the same.
 * False when the blob is not there or has to be replaced.
 */
export function* isIntact(
  disk: Disk,
  layout: Layout,
  name: string,
  id: AttachmentId,
  byteLength: number,
): Steps<boolean> {
  const bytes = yield* lookAt(disk, layout.bytesPath(name), id)
  return bytes !== undefined && (yield* fits(disk, layout, name, id, bytes, byteLength))
}

/** The identity of a blob that a put need not write; undefined when it is not there or has to be replaced. */
export function* intactIdentity(
  disk: Disk,
  layout: Layout,
  name: string,
  id: AttachmentId,
  byteLength: number,
): Steps<string | undefined> {
  const bytes = yield* lookAt(disk, layout.bytesPath(name), id)
  if (bytes === undefined) return undefined
  // Before they are read: should others take their place in between, the identity is that of the ones before, at worst.
  const sidecar = yield* lookAt(disk, layout.sidecarPath(name), id)
  if (sidecar === undefined || !(yield* fits(disk, layout, name, id, bytes, byteLength))) return undefined
  return blobIdentity(identityOf(bytes), identityOf(sidecar))
}

/** The identities of a blob's two files as one. */
export function blobIdentity(bytes: string, sidecar: string): string {
  return `${bytes} ${sidecar}`
}

function* fits(
  disk: Disk,
  layout: Layout,
  name: string,
  id: AttachmentId,
  bytes: Stats,
  byteLength: number,
): Steps<boolean> {
  if (bytes.size !== byteLength || !bytes.isFile()) return false
  const path = layout.sidecarPath(name)
  try {
    const text = yield* readSidecarFile(disk, path, id)
    return text !== undefined && decodeSidecar(id, path, text).byteLength === byteLength
  } catch (error) {
    if (AttachmentMetadataDecodeError.isInstance(error)) return false
    throw error
  }
}
