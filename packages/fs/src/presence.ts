import { type Stats, statSync } from 'node:fs'
import { type AttachmentId, AttachmentMetadataDecodeError } from '@lash/attachments-core'
import { ioError } from './io-error.ts'
import type { Layout } from './layout.ts'
import { decodeSidecar, readSidecarFile } from './sidecar.ts'

/** What tells a file from another that had or gets the same name. */
export function identityOf(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}`
}

/** The two identities of a blob as one. */
export function blobIdentity(bytes: string, sidecar: string): string {
  return `${bytes} ${sidecar}`
}

/** The state of a path, or undefined when nothing is there. Any other failure is an AttachmentIoError. */
export function statOf(path: string, id?: AttachmentId): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw ioError('look at', path, cause, id)
  }
}

/**
 * The identity of a blob that a put need not write: its bytes have the right length, and its sidecar is readable and says the same.
 * Undefined when it is not there or has to be replaced.
 */
export function intactBlob(layout: Layout, name: string, id: AttachmentId, byteLength: number): string | undefined {
  const bytes = statOf(layout.bytesPath(name), id)
  if (bytes === undefined || bytes.size !== byteLength || !bytes.isFile()) return undefined
  const path = layout.sidecarPath(name)
  // Looked at before it is read: if another takes its place in between, the identity is that of the one before, at worst.
  const sidecar = statOf(path, id)
  if (sidecar === undefined) return undefined
  try {
    const text = readSidecarFile(path, id)
    if (text === undefined || decodeSidecar(id, path, text).byteLength !== byteLength) return undefined
    return blobIdentity(identityOf(bytes), identityOf(sidecar))
  } catch (error) {
    if (AttachmentMetadataDecodeError.isInstance(error)) return undefined
    throw error
  }
}
