import {
  type AttachmentErrorCode,
  AttachmentIntentExpiredError,
  AttachmentNotFoundError,
  AttachmentStoreError,
  AttachmentTooLargeError,
} from '@lash/attachments-core'
import { AttachmentRejectedError } from './errors.ts'

/** What went wrong, for code to branch on: a code of core, or one of these. */
export type AttachmentProblemCode =
  | AttachmentErrorCode
  | 'aborted'
  | 'cross_origin'
  | 'internal'
  | 'malformed'
  | 'method_not_allowed'
  | 'range_not_satisfiable'
  | 'rejected'
  | 'timeout'
  | 'too_many_files'
  | 'unsupported_media_type'

/** The body of every answer that is an error, as `application/problem+json` (RFC 9457). */
export interface AttachmentProblem {
  type: 'about:blank'
  title: string
  status: number
  detail: string
  code: AttachmentProblemCode
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
}

/** An answer that is not what was asked for. Its detail is for the client: it never has anything of the server's. */
export class HttpProblem extends Error {
  readonly status: number
  readonly code: AttachmentProblemCode
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: AttachmentProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }

  toResponse(): Response {
    const { status, code, message: detail } = this
    const problem: AttachmentProblem = { type: 'about:blank', title: titles[status] ?? 'Error', status, detail, code }
    const body = new TextEncoder().encode(JSON.stringify(problem))
    return new Response(body, {
      status,
      headers: {
        'Content-Length': `${body.byteLength}`,
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        ...this.headers,
      },
    })
  }
}

export function malformed(detail: string): HttpProblem {
  return new HttpProblem(400, 'malformed', detail)
}

/** For what is not there, what the session may not read, and what cannot be an id: all alike. */
export function notFound(): HttpProblem {
  return new HttpProblem(404, 'not_found', 'there is no such attachment')
}

export function tooLarge(maxByteLength: number): HttpProblem {
  return new HttpProblem(413, 'too_large', `a file may have at most ${maxByteLength} bytes`)
}

/** What a client learns of an error: what it did wrong or, of the server's own failures, no more than a code. */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (AttachmentRejectedError.isInstance(error)) return new HttpProblem(422, 'rejected', error.message)
  if (AttachmentTooLargeError.isInstance(error)) return tooLarge(error.maxByteLength)
  if (AttachmentNotFoundError.isInstance(error)) return notFound()
  if (AttachmentIntentExpiredError.isInstance(error)) {
    return new HttpProblem(409, 'intent_expired', 'the upload was swept away before it was saved; upload it again')
  }
  const code = AttachmentStoreError.isInstance(error) ? error.code : 'internal'
  return new HttpProblem(500, code, 'the server could not do this; its log says why')
}
