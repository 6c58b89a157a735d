import type { AttachmentId } from './content/id.ts'

/** What went wrong, for code to branch on. Messages are for people and may change; codes do not. */
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
  | 'audit_refused'
  | 'closed'

export interface AttachmentErrorOptions {
  id?: AttachmentId | undefined
  cause?: unknown
}

/** Marks our errors with their code, so that another copy of this package in the same program knows them too. */
const marker = Symbol.for('@lash/attachments.error')

/**
 * The base class of every error that a store or a manifest rejects with. Two rejections are not of it: an aborted call
 * rejects with `signal.reason`, and a put whose source fails with the error of the source.
 */
export abstract class AttachmentStoreError extends Error {
  /** In a subclass, the code of all its instances. */
  declare static readonly code?: AttachmentErrorCode
  declare readonly code: AttachmentErrorCode
  /** The id that the operation was about, if it was about one. */
  declare readonly id?: AttachmentId

  constructor(message: string, options: AttachmentErrorOptions = {}) {
    super(message, options)
    const { id } = options
    const { name, code } = new.target
    Object.assign(this, { name, code, [marker]: code }, id && { id })
  }

  /** Like `instanceof`, but also true for an error of another copy of this package. */
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

/** There are no such bytes, or the session may not read them. */
export class AttachmentNotFoundError extends AttachmentIdError {
  static override readonly code = 'not_found'
  constructor(id: AttachmentId, options?: AttachmentErrorOptions) {
    super(id, `no attachment ${printable(id)} in this store or session`, options)
  }
}

/** The file system refused: permissions, space, a path that is not what it should be. */
export class AttachmentIoError extends AttachmentStoreError {
  static override readonly code = 'io'
  declare readonly path: string
  constructor(path: string, message: string, options?: AttachmentErrorOptions) {
    super(message, options)
    this.path = path
  }
}

/** The bytes are there, but not their metadata. `delete` the id and put it again, or restore the metadata. */
export class AttachmentMissingMetaError extends AttachmentIdError {
  static override readonly code = 'missing_meta'
}

/** The metadata is there, but cannot be understood. */
export class AttachmentMetadataDecodeError extends AttachmentIdError {
  static override readonly code = 'metadata_decode'
}

/**
 * The manifest could not record an intent, or an intent together with its bytes, so nothing was put. `cause` says why.
 */
export class AttachmentManifestRecordError extends AttachmentStoreError {
  static override readonly code = 'manifest_record'
}

/** The backend failed, or cannot be reached. `cause` is the backend's own error. */
export class AttachmentBackendError extends AttachmentStoreError {
  static override readonly code = 'backend'
}

/** The stored bytes are not what was put: their length or digest is wrong. Such bytes are never returned. */
export class AttachmentCorruptError extends AttachmentIdError {
  static override readonly code = 'corrupt'
}

/** The body is larger than the store accepts. Nothing was stored. */
export class AttachmentTooLargeError extends AttachmentStoreError {
  static override readonly code = 'too_large'
  /** The limit, in bytes. */
  declare readonly maxByteLength: number
  constructor(maxByteLength: number, options?: AttachmentErrorOptions) {
    super(`this store takes at most ${maxByteLength} bytes`, options)
    this.maxByteLength = maxByteLength
  }
}

/** The caller gave an argument that cannot be right. Nothing was stored. */
export class AttachmentInvalidArgumentError extends AttachmentStoreError {
  static override readonly code = 'invalid_argument'
}

/**
 * A commit named refs that have no live intent at their generation: a sweep has taken them, or they were released or
 * never put. Nothing was committed. Put the bytes of `ids` again, and commit the new refs.
 */
export class AttachmentIntentExpiredError extends AttachmentStoreError {
  static override readonly code = 'intent_expired'
  /** Every id that failed, each once. */
  declare readonly ids: readonly AttachmentId[]
  constructor(ids: readonly AttachmentId[], options?: AttachmentErrorOptions) {
    super(`nothing was committed; put these again: ${ids.map(printable).join(', ')}`, options)
    this.ids = ids
  }
}

/** The database has a schema that this version does not know: a newer one, or one that is not ours. */
export class AttachmentSchemaError extends AttachmentStoreError {
  static override readonly code = 'schema'
}

/**
 * An audit would delete more of a store than it was allowed to. Nothing was deleted. Make sure that the manifest is the
 * one of this store: a new one, that of another store, or one that was restored from a backup does not know what is
 * there. If it is right, allow more with `maxDeleteRatio`.
 */
export class AttachmentAuditRefusedError extends AttachmentStoreError {
  static override readonly code = 'audit_refused'
  /** How many blobs the audit has looked at. */
  declare readonly scannedCount: number
  /** How many of them it would delete. */
  declare readonly unreferencedCount: number
  /** The length of these together, in bytes. */
  declare readonly unreferencedByteLength: number
  constructor(
    counts: Pick<AttachmentAuditRefusedError, 'scannedCount' | 'unreferencedCount' | 'unreferencedByteLength'>,
    options?: AttachmentErrorOptions,
  ) {
    const { scannedCount, unreferencedCount, unreferencedByteLength } = counts
    super(
      `nothing was deleted: no ref to ${unreferencedCount} of ${scannedCount} blobs, ${unreferencedByteLength} bytes; ` +
        'is the manifest new, restored, of another store? Else raise maxDeleteRatio',
      options,
    )
    Object.assign(this, counts)
  }
}

/** A call came after `close()`. */
export class AttachmentClosedError extends AttachmentStoreError {
  static override readonly code = 'closed'
  constructor(what: string, options?: AttachmentErrorOptions) {
    super(`${what} is closed; open a new one`, options)
  }
}

/** An id may be anything that a caller made up. Show only the start of it, without control characters. */
function printable(id: unknown): string {
  return typeof id === 'string' ? id.slice(0, 64).replace(/[^ -~]/g, '?') : typeof id
}
