import type { S3ServiceException } from '@aws-sdk/client-s3'

/**
 * What a failed request says of itself. S3 errors differ by their code or, where a server gives none, by their status.
 */
export interface ErrorDetails {
  /** Of S3 (`NoSuchKey`), of the SDK (`TimeoutError`) or of Node (`ECONNREFUSED`). */
  readonly code: string
  /** Of the HTTP answer; undefined when there was none. */
  readonly status: number | undefined
  readonly message: string
  /** The region of the bucket, when the server names it. */
  readonly region: string | undefined
  /** The server to which the answer redirects. */
  readonly redirect: string | undefined
}

export function errorDetails(error: unknown): ErrorDetails {
  const { name, message, $metadata, $response } = error as Partial<S3ServiceException>
  const nodeCode = (error as NodeJS.ErrnoException).code
  return {
    code: (typeof nodeCode === 'string' && nodeCode) || name || 'Error',
    status: $metadata?.httpStatusCode,
    message: message === undefined || message === 'UnknownError' ? '' : message,
    region: $response?.headers?.['x-amz-bucket-region'],
    redirect: URL.parse($response?.headers?.location ?? '')?.origin,
  }
}

/** The object does not exist. Or the bucket does not: a server that answers without a body cannot say which. */
export function isMissing(error: unknown): boolean {
  const { code, status } = errorDetails(error)
  return code === 'NoSuchKey' || (status === 404 && code !== 'NoSuchBucket' && code !== 'NoSuchUpload')
}

/** Somebody else wrote the object at the same time, or before. */
export function isConflict(error: unknown): boolean {
  const { status } = errorDetails(error)
  return status === 412 || status === 409
}

/** The server does not support the request. */
export function isUnsupported(error: unknown): boolean {
  const { code, status } = errorDetails(error)
  return status === 501 || status === 405 || code === 'NotImplemented' || code === 'MethodNotAllowed'
}

/** The range begins after the end of the object, or the object is empty. */
export function isOutOfRange(error: unknown): boolean {
  return errorDetails(error).status === 416
}

/** The server understood the request and refused it: wrong credentials, a missing permission, another region. */
export function isRefusal(error: unknown): boolean {
  const { status } = errorDetails(error)
  return status === 400 || status === 401 || status === 403
}
