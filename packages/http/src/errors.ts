const marker = Symbol.for('@lash/attachments-http.rejected')

/**
 * Throw it from `inspect` or `commit` to refuse an upload. The client gets 422 with the message, so write it for the
 * person who uploads.
 */
export class AttachmentRejectedError extends Error {
  override readonly name: string = 'AttachmentRejectedError'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    Object.assign(this, { [marker]: true })
  }

  /** Like `instanceof`, but also true for an error of another copy of this package. */
  static isInstance(value: unknown): value is AttachmentRejectedError {
    return value instanceof Error && marker in value
  }
}
