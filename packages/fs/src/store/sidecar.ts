import {
  type AttachmentCreateMeta,
  type AttachmentId,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
} from '@lash/attachments-core'
import { checkMeta, storedMeta } from '@lash/attachments-core/backend'
import { type Disk, readOnly } from '../disk/disk.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import type { Steps } from '../disk/pace.ts'

/** Far more than any metadata takes; what is bigger is not a sidecar. */
const maxSidecarBytes = 64 * 1024
/** How much of a sidecar is read at once: nearly always all of it. */
export const sidecarPieceBytes: number = 8 * 1024

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
 * Reads a sidecar file; undefined when there is none. What is read next may overwrite the bytes: decode them at once.
 * @throws AttachmentMetadataDecodeError when it cannot be a sidecar, AttachmentIoError when it cannot be read.
 */
export function* readSidecarFile(disk: Disk, path: string, id: AttachmentId): Steps<Uint8Array | undefined> {
  let descriptor: number | undefined
  try {
    const opening = disk.open(path, readOnly)
    descriptor = opening instanceof Promise ? ((yield opening) as number) : opening
    const before: Uint8Array[] = []
    for (let length = 0; ; ) {
      const reading = disk.read(descriptor, sidecarPieceBytes, length)
      const piece: Uint8Array = reading instanceof Promise ? yield reading : reading
      length += piece.byteLength
      if (length > maxSidecarBytes) throw damaged(id, path, `it is longer than ${maxSidecarBytes} bytes`)
      if (piece.byteLength === 0 || isWholeSidecar(piece))
        return before.length === 0 ? piece : Buffer.concat([...before, piece])
      before.push(Uint8Array.from(piece))
    }
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    if (hasCode(cause, 'EISDIR', 'EAGAIN', 'ESPIPE')) throw damaged(id, path, 'it is not a file', cause)
    if (AttachmentMetadataDecodeError.isInstance(cause)) throw cause
    throw ioError('read', path, cause, id)
  } finally {
    const closing = descriptor === undefined ? undefined : disk.close(descriptor, path)
    if (closing instanceof Promise) yield closing
  }
}

/** Whether a piece ends with the brace that ends a sidecar. Otherwise read on, to the end of the file. */
export function isWholeSidecar(piece: Uint8Array): boolean {
  return piece.byteLength < sidecarPieceBytes && piece.at(-1) === closingBrace
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
