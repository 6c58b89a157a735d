import {
  type AttachmentContent,
  AttachmentInvalidArgumentError,
  type AttachmentMeta,
  type AttachmentRef,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'

/** What `session` may give, now or later. */
type SessionAnswer = SessionScopedAttachmentStore | Response | undefined

export interface AttachmentCommitContext {
  request: Request
  /** The view that `session` gave. */
  session: SessionScopedAttachmentStore
  /** The text fields of a form, in their order. Empty for a raw body. */
  fields: URLSearchParams
  /** Aborts when the client goes away. */
  signal: AbortSignal
}

export interface AttachmentInspectContext {
  request: Request
  /** Aborts when the client goes away. */
  signal: AbortSignal
}

export interface AttachmentHandlerOptions {
  /**
   * Who asks, and what may they see: the view through which this request reads, puts and lets go. Called once for each
   * request to a known path, before its body is read. Undefined is answered with 404, so that who may not read learns
   * nothing; a `Response` is the answer itself, such as a 401.
   *
   * Give a view with a holder, such as the draft of a message. A view of the whole session lets go, on `DELETE`, of
   * what any holder has.
   */
  session: (request: Request) => SessionAnswer | Promise<SessionAnswer>
  /** The path of the routes, as the request's URL has it. Default `/attachments`. */
  basePath?: string | undefined
  /**
   * Largest file, in bytes: 0 or more, default 100,000,000. Where the store takes less, that counts. A bigger one is
   * 413 as soon as that is known.
   */
  maxByteLength?: number | undefined
  /** Most files in one request: 1 to 10,000, default 20. */
  maxFiles?: number | undefined
  /**
   * Media types that are taken, such as `image/*` or `application/pdf`. Compared with what the bytes are found to be,
   * not with what the client says. Default: every type.
   */
  accept?: readonly string[] | undefined
  /**
   * When the refs of an upload are committed.
   *
   * - `true` (default): before the answer, for the holder of the view. What was answered with 201 is safe from sweeps.
   * - a function: the host commits them, in a transaction of its own. When it throws, none of the request is kept.
   * - `false`: the host does so later, with its turn. Until then a sweep may take them.
   */
  commit?: boolean | ((refs: AttachmentRef[], context: AttachmentCommitContext) => void | Promise<void>) | undefined
  /**
   * Looks at each file before it is put: a virus scan, a policy. The content is valid until this has resolved.
   * `AttachmentRejectedError` is answered with 422 and its message.
   */
  inspect?:
    | ((content: AttachmentContent, meta: AttachmentMeta, context: AttachmentInspectContext) => void | Promise<void>)
    | undefined
  /**
   * Origins, such as `https://app.example`, whose pages may upload and delete beside those of the request's own host.
   * Default none. Requests that do not come from a page of a browser have no origin and are not refused.
   */
  trustedOrigins?: readonly string[] | undefined
  /** Which pages may embed what is served. Default `same-origin`. */
  crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin' | undefined
  /**
   * An upload that sends nothing for so long, or a download that takes nothing, is ended. In milliseconds, 1 to 2^31-1,
   * default 60,000.
   */
  idleTimeoutMs?: number | undefined
  /**
   * Hears of everything that was answered with 500, and of damage that broke a download off. Default `console.error`.
   */
  onError?: ((error: unknown, request: Request) => void) | undefined
}

/** Options that have been checked, with their defaults. */
export type HandlerSettings = {
  readonly [Name in Exclude<keyof AttachmentHandlerOptions, 'inspect'>]-?: NonNullable<AttachmentHandlerOptions[Name]>
} & Pick<AttachmentHandlerOptions, 'inspect'>

const maxTimeoutMs = 2 ** 31 - 1
const mediaRange = /^[!#$%&'*+.^`|~\w-]+\/[!#$%&'*+.^`|~\w-]+$/
const policies: readonly unknown[] = ['same-origin', 'same-site', 'cross-origin']
const known: Readonly<Record<keyof AttachmentHandlerOptions, true>> = {
  session: true,
  basePath: true,
  maxByteLength: true,
  maxFiles: true,
  accept: true,
  commit: true,
  inspect: true,
  trustedOrigins: true,
  crossOriginResourcePolicy: true,
  idleTimeoutMs: true,
  onError: true,
}

/** @throws AttachmentInvalidArgumentError when an option is unknown, missing, or out of its range. */
export function checkOptions(options: AttachmentHandlerOptions): HandlerSettings {
  check(typeof options === 'object' && options !== null, 'give an object of options')
  for (const name of Object.keys(options)) check(name in known, `there is no option ${JSON.stringify(name)}`)
  const {
    session,
    basePath = '/attachments',
    maxByteLength = 100_000_000,
    maxFiles = 20,
    accept = ['*/*'],
    commit = true,
    inspect,
    trustedOrigins = [],
    crossOriginResourcePolicy = 'same-origin',
    idleTimeoutMs = 60_000,
    onError = console.error,
  } = options
  check(typeof session === 'function', 'session must be a function that gives the view of a request')
  check(typeof basePath === 'string' && /^\/[^?#\s]*$/.test(basePath), 'basePath must be a path that begins with /')
  check(typeof maxByteLength === 'number' && maxByteLength >= 0, 'maxByteLength must be a number of bytes, 0 or more')
  check(isWhole(maxFiles, 1, 10_000), 'maxFiles must be a whole number from 1 to 10000')
  check(isListOf(accept, isMediaRange), 'accept must be a list of media types, such as image/* or application/pdf')
  check(typeof commit === 'boolean' || typeof commit === 'function', 'commit must be true, false or a function')
  check(inspect === undefined || typeof inspect === 'function', 'inspect must be a function')
  check(isListOf(trustedOrigins, isOrigin), 'trustedOrigins must be a list of origins, such as https://app.example')
  check(policies.includes(crossOriginResourcePolicy), `crossOriginResourcePolicy must be one of ${policies.join(', ')}`)
  check(
    isWhole(idleTimeoutMs, 1, maxTimeoutMs),
    'idleTimeoutMs must be a whole number of milliseconds from 1 to 2^31-1',
  )
  check(typeof onError === 'function', 'onError must be a function')
  return {
    session,
    // Encoded as in the URL of a request; empty for the root.
    basePath: new URL(`http://host${basePath}`).pathname.replace(/\/+$/, ''),
    maxByteLength,
    maxFiles,
    accept: accept.map(range => range.toLowerCase()),
    commit,
    inspect,
    trustedOrigins: [...trustedOrigins],
    crossOriginResourcePolicy,
    idleTimeoutMs,
    onError,
  }
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new AttachmentInvalidArgumentError(otherwise)
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}

function isListOf(list: unknown, isOne: (value: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(isOne)
}

function isMediaRange(value: unknown): boolean {
  return typeof value === 'string' && mediaRange.test(value)
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.parse(value)?.origin === value
}
