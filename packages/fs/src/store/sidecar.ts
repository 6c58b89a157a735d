import { constants, openSync, readSync } from 'node:fs'
import {
  type AttachmentCreateMeta,
  type AttachmentId,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
} from '@lash/attachments-core'
import { checkMeta, storedMeta } from '@lash/attachments-core/backend'
import { closeFile } from '../disk/close-file.ts'
import { hasCode, ioError } from '../disk/io-error.ts'

/** Far more than any metadata takes; what is bigger is not a sidecar. */
const maxSidecarBytes = 64 * 1024

/** Shared by all sidecars: each is read and decoded synchronously, before the next. */
const scratch = Buffer.allocUnsafe(maxSidecarBytes + 1)

const closingBrace = '}'.charCodeAt(0)

/**
 * What stands for `image/png` in a sidecar written by the file store of lash, our predecessor:
 * `{"kind":"image","type":"png"}`.
 */
const lashImageTypes = new Set(['png', 'jpeg', 'gif', 'webp', 'bmp'])

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The text of a sidecar. Absent fields are left out. */
export function encodeSidecar(meta: AttachmentMeta): string {
  const { id, mediaType, byteLength, width, height, label } = meta
  return JSON.stringify({ id, media_type: mediaType, byte_len: byteLength, width, height, label })
}

/**
 * Reads a sidecar file; undefined when there is none. The next call overwrites the bytes.
 * @throws AttachmentMetadataDecodeError when it cannot be a sidecar, AttachmentIoError when it cannot be read.
 */
export function readSidecarFile(path: string, id: AttachmentId): Uint8Array | undefined {
  let descriptor: number | undefined
  try {
    // Non-blocking: a named pipe in the place of a sidecar would stop the whole process.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    let length = 0
    // One read nearly always ends with the brace that ends a sidecar. Otherwise read on, to the end of the file.
    for (;;) {
      const read = readSync(descriptor, scratch, length, scratch.byteLength - length, length)
      length += read
      if (length > maxSidecarBytes) throw damaged(id, path, `it is longer than ${maxSidecarBytes} bytes`)
      if (read === 0 || scratch[length - 1] === closingBrace) return scratch.subarray(0, length)
    }
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    if (hasCode(cause, 'EISDIR', 'EAGAIN', 'ESPIPE')) throw damaged(id, path, 'it is not a file', cause)
    if (AttachmentMetadataDecodeError.isInstance(cause)) throw cause
    throw ioError('read', path, cause, id)
  } finally {
    if (descriptor !== undefined) closeFile(descriptor, path)
  }
}

/**
 * Decodes a sidecar. Fields that it does not know are ignored.
 * @throws AttachmentMetadataDecodeError when it is not a sidecar of this id.
 */
export function decodeSidecar(id: AttachmentId, path: string, bytes: Uint8Array): AttachmentMeta {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw damaged(id, path, 'it is not JSON', cause)
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw damaged(id, path, 'it is no object')
  if (fields.id !== id) throw damaged(id, path, 'its id is another')
  if (!Number.isSafeInteger(fields.byte_len) || (fields.byte_len as number) < 0) {
    throw damaged(id, path, 'its byte_len is not a length')
  }
  return storedMeta(id, fields.byte_len as number, decodeCreateMeta(id, path, fields))
}

function decodeCreateMeta(id: AttachmentId, path: string, fields: Record<string, unknown>): AttachmentCreateMeta {
  // Other writers put null for what they do not know.
  const { width, height, label } = fields
  const meta = {
    mediaType: decodeMediaType(fields.media_type),
    width: width ?? undefined,
    height: height ?? undefined,
    label: label ?? undefined,
  }
  try {
    return checkMeta(meta as AttachmentCreateMeta)
  } catch (cause) {
    throw damaged(id, path, (cause as Error).message, cause)
  }
}

function decodeMediaType(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { kind, type } = value as { kind?: unknown; type?: unknown }
  return kind === 'image' && typeof type === 'string' && lashImageTypes.has(type) ? `image/${type}` : undefined
}

function damaged(id: AttachmentId, path: string, why: string, cause?: unknown): AttachmentMetadataDecodeError {
  return new AttachmentMetadataDecodeError(
    id,
    `the metadata of ${id} in ${path} is damaged: ${why}; put the original again, which replaces it`,
    { cause },
  )
}
