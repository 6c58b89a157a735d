import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { AttachmentBackendError } from '@lash/attachments-core'
import { type HttpRequest, signingOptions, unsignedRequest } from './unsigned-request.ts'

export interface PresignedGet {
  readonly bucket: string
  readonly key: string
  /** In seconds. */
  readonly expiresIn: number
  readonly contentDisposition: string
}

/** Headers that the SDK adds for the server's logs. If they were signed, the URL would work only with them. */
const notSigned = ['user-agent', 'x-amz-user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request', 'x-amz-checksum-mode']

/**
 * A URL that anybody can GET until it expires. Nothing is sent: the client's own signer signs the URL instead of the
 * headers, with credentials from the client's chain.
 */
export async function presignedUrl(client: S3Client, get: PresignedGet): Promise<string> {
  const { bucket, key, contentDisposition, expiresIn } = get
  const command = new GetObjectCommand({ Bucket: bucket, Key: key, ResponseContentDisposition: contentDisposition })
  const { request, scheme, signer } = await unsignedRequest(client, command)
  if (signer.presign === undefined) {
    throw new AttachmentBackendError('the signer of the S3 client cannot sign URLs; leave clientConfig.signer out')
  }
  const headers: Record<string, string> = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  for (const [name, value] of Object.entries(request.headers)) {
    if (!notSigned.includes(name.toLowerCase())) headers[name] = value
  }
  return urlOf(await signer.presign({ ...request, headers }, { ...signingOptions(client, scheme), expiresIn }))
}

function urlOf({ protocol, hostname, port, path, query }: HttpRequest): string {
  const parameters = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}?${parameters.join('&')}`
}

/** Percent-encodes everything but unreserved characters, as the rules of the signature demand. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
