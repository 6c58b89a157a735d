import type { AttachmentId } from './content/id.ts'

/** What went wrong, to branch on. Messages are for people and may change; codes do not. */
export type AttachmentErrorCode =
  | 'not_found'
  | 'io'
  | 'missing_meta'
  | 'metadata_decode'
  | 'manifest_record'
  | 'backend'
  | 'corrupt'
  | 'too_large'
  | 'invalid_argument'
  | 'intent_expired'
  | 'schema'
  | 'closed'

export interface AttachmentErrorOptions {
  id?: AttachmentId | undefined
  cause?: unknown
}

/** Marks our errors, with their code, so that a second copy of this package in the same program still knows them. */
const marker = Symbol.for('@lash/attachments.error')

/**
 * Base of every error that a store or a manifest rejects with, except an abort (that rejects with `signal.reason`) and the
 * error of a failing source stream (that comes through as it is).
 */
export abstract class AttachmentStoreError extends Error {
  /** Of a subclass: the code that all its instances have. */
  static readonly code?: AttachmentErrorCode
  declare readonly code: AttachmentErrorCode
  /** The id that the operation was about, where it was about one. */
  declare readonly id?: AttachmentId

  constructor(message: string, options: AttachmentErrorOptions = {}) {
    const { cause, id } = options
    super(message, cause === undefined ? undefined : { cause })
    const { name, code } = new.target
    Object.assign(this, { name, code, [marker]: code }, id && { id })
  }

  /** Like `instanceof`, but true as well for an error made by another copy of this package. */
  static isInstance<E extends AttachmentStoreError>(
    this: { readonly prototype: E; readonly code?: AttachmentErrorCode },
    value: unknown,
  ): value is E {
    const code = (value as { [marker]?: AttachmentErrorCode } | null | undefined)?.[marker]
    return code !== undefined && (this.code === undefined || this.code === code)
  }
}

/** An error about one id. */
abstract class AttachmentIdError extends AttachmentStoreError {
  constructor(id: AttachmentId, message: string, options?: AttachmentErrorOptions) {
    super(message, { ...options, id })
  }
}

/** No such bytes, or none that this session may read. */
export class AttachmentNotFoundError extends AttachmentIdError {
  static override readonly code = 'not_found'
  constructor(id: AttachmentId, options?: AttachmentErrorOptions) {
    super(id, `attachment ${printable(id)} is not in this store, or not this session's`, options)
  }
}

/** The file system refused: permissions, space, a path that is not what it should be. */
export class AttachmentIoError extends AttachmentStoreError {
  static override readonly code = 'io'
  readonly path: string
  constructor(path: string, message: string, options?: AttachmentErrorOptions) {
    super(message, options)
    this.path = path
  }
}

/** Bytes are there and their metadata is not. `delete` the id and put it again, or restore the metadata. */
export class AttachmentMissingMetaError extends AttachmentIdError {
  static override readonly code = 'missing_meta'
}

/** Metadata is there and cannot be understood. */
export class AttachmentMetadataDecodeError extends AttachmentIdError {
  static override readonly code = 'metadata_decode'
}

/** The manifest could not record an intent, alone or with its bytes, so nothing was put. `cause` is why. */
export class AttachmentManifestRecordError extends AttachmentStoreError {
  static override readonly code = 'manifest_record'
}

/** The backend failed or cannot be reached. `cause` is its own error. */
export class AttachmentBackendError extends AttachmentStoreError {
  static override readonly code = 'backend'
}

/** What is stored is not what was put: a wrong length or a wrong digest. Such bytes are never returned. */
export class AttachmentCorruptError extends AttachmentIdError {
  static override readonly code = 'corrupt'
}

/** The body is larger than the store takes. Nothing was stored. */
export class AttachmentTooLargeError extends AttachmentStoreError {
  static override readonly code = 'too_large'
  /** The limit, in bytes. */
  readonly maxByteLength: number
  constructor(maxByteLength: number, options?: AttachmentErrorOptions) {
    super(`the body is larger than the ${maxByteLength} bytes that this store takes`, options)
    this.maxByteLength = maxByteLength
  }
}

/** The caller gave something that cannot be right. Nothing was stored. */
export class AttachmentInvalidArgumentError extends AttachmentStoreError {
  static override readonly code = 'invalid_argument'
}

/**
 * A commit named refs that have no live intent at their generation any more: a sweep took them, or they were released, or
 * never put. Nothing was committed. Put the bytes of `ids` again and commit the new refs.
 */
export class AttachmentIntentExpiredError extends AttachmentStoreError {
  static override readonly code = 'intent_expired'
  /** Every id that failed, each once. */
  readonly ids: readonly AttachmentId[]
  constructor(ids: readonly AttachmentId[], options?: AttachmentErrorOptions) {
    super(`nothing was committed; put these again, their intent has expired: ${ids.map(printable).join(', ')}`, options)
    this.ids = ids
  }
}

/** The database has a schema that this version does not know: a newer one, or not ours. */
export class AttachmentSchemaError extends AttachmentStoreError {
  static override readonly code = 'schema'
}

/** Used after `close()`. */
export class AttachmentClosedError extends AttachmentStoreError {
  static override readonly code = 'closed'
  constructor(what: string, options?: AttachmentErrorOptions) {
    super(`${what} is closed; open a new one`, options)
  }
}

/** An id may be anything that a caller made up: show little of it, and nothing that controls a terminal. */
function printable(id: unknown): string {
  return typeof id === 'string' ? id.slice(0, 64).replace(/[^ -~]/g, '?') : typeof id
}
