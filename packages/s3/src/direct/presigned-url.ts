import type { S3Client } from '@aws-sdk/client-s3'
import { AttachmentBackendError } from '@lash/attachments-core'
import { type Command, type HttpRequest, signingOptions, unsignedRequest } from './unsigned-request.ts'

export interface PresignOptions {
  /** In seconds. */
  readonly expiresIn: number
  /** In seconds: signatures of one window of this length are the same. 0: each is of its own moment. */
  readonly stableFor: number
}

export interface PresignedRequest {
  readonly url: string
  /** What has to be sent as it stands, beside `host` and `content-length`. */
  readonly headers: Record<string, string>
}

/** Headers that the SDK adds for the server's logs. If they were signed, the URL would work only with them. */
const notSigned = [
  'user-agent',
  'x-amz-user-agent',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'x-amz-checksum-mode',
  'expect',
]
/** What each client sends by itself, and browsers do not let pages set. */
const sentAnyway = ['host', 'content-length']

/**
 * The command as a request that anybody can send until it expires. Nothing is sent: the client's own signer signs the
 * URL instead of the headers, with credentials from the client's chain. The body is not signed; a checksum among the
 * headers is.
 */
export async function presigned(
  client: S3Client,
  command: Command,
  { expiresIn, stableFor }: PresignOptions,
): Promise<PresignedRequest> {
  const { request, scheme, signer } = await unsignedRequest(client, command)
  if (signer.presign === undefined) {
    throw new AttachmentBackendError('the signer of the S3 client cannot sign URLs; leave clientConfig.signer out')
  }
  const all = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const kept = all.filter(([name]) => !notSigned.includes(name))
  const headers = { ...Object.fromEntries(kept), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  // Who follows a link sends no header. Of a PUT, several servers ignore checksums and metadata in the query.
  const unhoistable = request.method === 'PUT' ? kept.map(([name]) => name) : []
  const { signingDate, ...options } = signingOptions(client, scheme)
  const signed = await signer.presign(
    { ...request, headers },
    {
      ...options,
      signingDate: beginning(signingDate, stableFor),
      expiresIn,
      unhoistableHeaders: new Set(unhoistable),
    },
  )
  return { url: urlOf(signed), headers: Object.fromEntries(kept.filter(([name]) => !sentAnyway.includes(name))) }
}

/** The beginning of the window of so many seconds that the moment is in: the same in every process. */
function beginning(moment: Date, seconds: number): Date {
  const ms = seconds * 1000
  return ms === 0 ? moment : new Date(Math.floor(moment.getTime() / ms) * ms)
}

function urlOf({ protocol, hostname, port, path, query }: HttpRequest): string {
  const parameters = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}?${parameters.join('&')}`
}

/** Percent-encodes everything but unreserved characters, as the rules of the signature demand. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
