import { messageOf } from '../message-of.ts'

interface ServerError extends Error {
  $metadata?: { httpStatusCode?: number }
}

export function codeOf(error: unknown): string {
  return (error as Error).name
}

/** Of the HTTP answer, if there was one. */
export function statusOf(error: unknown): number | undefined {
  return (error as ServerError).$metadata?.httpStatusCode
}

/** What the server says, with its code. Ceph's errors have no message, of which the SDK makes "UnknownError". */
export function described(error: unknown): string {
  const message = messageOf(error)
  const code = [codeOf(error), statusOf(error)].filter(part => part !== undefined).join(' ')
  return message === 'UnknownError' || message === codeOf(error) ? code : `${message} (${code})`
}
