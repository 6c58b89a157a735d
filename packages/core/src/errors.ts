import type { AttachmentId } from './id.ts'

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
const marker: unique symbol = Symbol.for('@lash/attachments.error') as never

/**
 * Base of every error that a store or a manifest rejects with, except an abort (that rejects with `signal.reason`) and the
 * error of a failing source stream (that comes through as it is).
 */
export class AttachmentStoreError extends Error {
  declare readonly code: AttachmentErrorCode
  /** The id that the operation was about, where it was about one. */
  declare readonly id?: AttachmentId
  declare readonly [marker]: AttachmentErrorCode

  constructor(code: AttachmentErrorCode, message: string, options?: AttachmentErrorOptions) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    if (options?.id !== undefined) this.id = options.id
    Object.defineProperty(this, marker, { value: code })
  }

  /** Like `instanceof`, but true as well for an error made by another copy of this package. */
  static isInstance<E extends AttachmentStoreError>(
    this: { readonly prototype: E; readonly code?: AttachmentErrorCode },
    value: unknown,
  ): value is E {
    if (typeof value !== 'object' || value === null) return false
    const code = (value as Partial<AttachmentStoreError>)[marker]
    return code !== undefined && (this.code === undefined || this.code === code)
  }

  /** Of a subclass: the code that all its instances have. */
  static readonly code?: AttachmentErrorCode
}

/** No such bytes, or none that this session may read. */
export class AttachmentNotFoundError extends AttachmentStoreError {
  static override readonly code = 'not_found'
  constructor(id: AttachmentId, options?: AttachmentErrorOptions) {
    super('not_found', `attachment ${printable(id)} is not in this store, or this session holds no ref to it`, {
      ...options,
      id,
    })
  }
}

/** The file system refused: permissions, space, a path that is not what it should be. */
export class AttachmentIoError extends AttachmentStoreError {
  static override readonly code = 'io'
  declare readonly path: string
  constructor(path: string, message: string, options?: AttachmentErrorOptions) {
    super('io', message, options)
    this.path = path
  }
}

/** Bytes are there and their metadata is not. `delete` the id and put it again, or restore the metadata. */
export class AttachmentMissingMetaError extends AttachmentStoreError {
  static override readonly code = 'missing_meta'
  constructor(id: AttachmentId, message: string, options?: AttachmentErrorOptions) {
    super('missing_meta', message, { ...options, id })
  }
}

/** Metadata is there and cannot be understood. */
export class AttachmentMetadataDecodeError extends AttachmentStoreError {
  static override readonly code = 'metadata_decode'
  constructor(id: AttachmentId, message: string, options?: AttachmentErrorOptions) {
    super('metadata_decode', message, { ...options, id })
  }
}

/** The manifest could not record an intent, so nothing was put. */
export class AttachmentManifestRecordError extends AttachmentStoreError {
  static override readonly code = 'manifest_record'
  constructor(message: string, options?: AttachmentErrorOptions) {
    super('manifest_record', message, options)
  }
}

/** The backend failed or cannot be reached. `cause` is its own error. */
export class AttachmentBackendError extends AttachmentStoreError {
  static override readonly code = 'backend'
  constructor(message: string, options?: AttachmentErrorOptions) {
    super('backend', message, options)
  }
}

/** What is stored is not what was put: a wrong length or a wrong digest. Such bytes are never returned. */
export class AttachmentCorruptError extends AttachmentStoreError {
  static override readonly code = 'corrupt'
  constructor(id: AttachmentId, message: string, options?: AttachmentErrorOptions) {
    super('corrupt', message, { ...options, id })
  }
}

/** The body is larger than the store takes. Nothing was stored. */
export class AttachmentTooLargeError extends AttachmentStoreError {
  static override readonly code = 'too_large'
  /** The limit, in bytes. */
  declare readonly maxByteLength: number
  constructor(maxByteLength: number, options?: AttachmentErrorOptions) {
    super('too_large', `the body is larger than the ${maxByteLength} bytes that this store takes`, options)
    this.maxByteLength = maxByteLength
  }
}

/** The caller gave something that cannot be right. Nothing was stored. */
export class AttachmentInvalidArgumentError extends AttachmentStoreError {
  static override readonly code = 'invalid_argument'
  constructor(message: string, options?: AttachmentErrorOptions) {
    super('invalid_argument', message, options)
  }
}

/**
 * A commit named refs that have no live intent at their generation any more: a sweep took them, or they were released, or
 * never put. Nothing was committed. Put the bytes of `ids` again and commit the new refs.
 */
export class AttachmentIntentExpiredError extends AttachmentStoreError {
  static override readonly code = 'intent_expired'
  /** Every id that failed, each once. */
  declare readonly ids: readonly AttachmentId[]
  constructor(ids: readonly AttachmentId[], options?: AttachmentErrorOptions) {
    super(
      'intent_expired',
      `${ids.length} attachment(s) cannot be committed, their intent has expired; put them again: ${ids.map(printable).join(', ')}`,
      options,
    )
    this.ids = ids
  }
}

/** The database has a schema that this version does not know: a newer one, or not ours. */
export class AttachmentSchemaError extends AttachmentStoreError {
  static override readonly code = 'schema'
  constructor(message: string, options?: AttachmentErrorOptions) {
    super('schema', message, options)
  }
}

/** Used after `close()`. */
export class AttachmentClosedError extends AttachmentStoreError {
  static override readonly code = 'closed'
  constructor(what: string, options?: AttachmentErrorOptions) {
    super('closed', `${what} is closed; open a new one`, options)
  }
}

/** An id may be any string that a caller made up: show little of it and no control characters. */
function printable(id: unknown): string {
  const text = JSON.stringify(String(id)).slice(1, -1)
  return text.length > 64 ? `${text.slice(0, 64)}...` : text
}
