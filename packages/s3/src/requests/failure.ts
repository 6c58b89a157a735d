import type { S3ServiceException } from '@aws-sdk/client-s3'

/** What can be told of a failed request: S3 errors are told apart by code and, where a server gives none, by status. */
export interface S3Failure {
  /** Of S3 (`NoSuchKey`), of the SDK (`TimeoutError`) or of Node (`ECONNREFUSED`). */
  readonly code: string
  /** Of the HTTP answer; undefined when there was none. */
  readonly status: number | undefined
  readonly message: string
  /** Where the bucket is, when the server says so. */
  readonly region: string | undefined
  /** Where the server would have the request sent. */
  readonly redirect: string | undefined
}

export function failureOf(error: unknown): S3Failure {
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

/** The object is not there. Or the bucket is not: a server that answers without a body cannot say which. */
export function isMissing(error: unknown): boolean {
  const { code, status } = failureOf(error)
  return code === 'NoSuchKey' || (status === 404 && code !== 'NoSuchBucket' && code !== 'NoSuchUpload')
}

/** Somebody else wrote the object at the same time, or before. */
export function isConflict(error: unknown): boolean {
  const { status } = failureOf(error)
  return status === 412 || status === 409
}

/** The server does not know what was asked of it. */
export function isUnsupported(error: unknown): boolean {
  const { code, status } = failureOf(error)
  return status === 501 || status === 405 || code === 'NotImplemented' || code === 'MethodNotAllowed'
}

/** The range begins after the end of the object, or the object is empty. */
export function isOutOfRange(error: unknown): boolean {
  return failureOf(error).status === 416
}

/** The server understood and would not: wrong credentials, no right, another region. */
export function isRefusal(error: unknown): boolean {
  const { status } = failureOf(error)
  return status === 400 || status === 401 || status === 403
}
