import type { S3Client } from '@aws-sdk/client-s3'
import { AttachmentBackendError, AttachmentStoreError } from '@lash/attachments-core'
import { abortable, withoutUrlCredentials } from '@lash/attachments-core/backend'
import { type ErrorDetails, errorDetails } from './s3-error.ts'

/**
 * Turns errors of requests into AttachmentBackendErrors that say what to do. They name server and bucket, and no
 * credential.
 */
export class BackendErrors {
  readonly #client: S3Client
  readonly #bucket: string

  constructor(client: S3Client, bucket: string) {
    this.#client = client
    this.#bucket = bucket
  }

  /**
   * The result, with its error wrapped.
   * @param operation - what is being done, such as `put`.
   * @throws `signal.reason` when the signal aborts, whatever the error.
   */
  async wrap<T>(operation: string, signal: AbortSignal | undefined, result: Promise<T>): Promise<T> {
    try {
      return await result
    } catch (error) {
      signal?.throwIfAborted()
      throw await abortable(this.#wrapped(operation, error), signal)
    }
  }

  async #wrapped(operation: string, error: unknown): Promise<AttachmentStoreError> {
    if (AttachmentStoreError.isInstance(error)) return error
    const bucket = `bucket ${JSON.stringify(this.#bucket)} at ${await this.#server()}`
    return new AttachmentBackendError(`${operation} failed in ${bucket}: ${explanation(errorDetails(error))}`, {
      cause: error,
    })
  }

  async #server(): Promise<string> {
    const { endpoint, ignoreConfiguredEndpointUrls, serviceConfiguredEndpoint, region } = this.#client.config
    try {
      if (endpoint !== undefined) {
        const { protocol, hostname, port } = await endpoint()
        return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
      }
      // The SDK does not copy an endpoint of the environment or of a profile into the client's configuration.
      const configured = ignoreConfiguredEndpointUrls ? undefined : await serviceConfiguredEndpoint?.()
      if (configured !== undefined) return new URL(configured).origin
      return `AWS region ${await region()}`
    } catch {
      return 'a server that is not configured'
    }
  }
}

/** What to do about the error, with its code, status and message. */
function explanation(details: ErrorDetails): string {
  const { code, status, message, region, redirect } = details
  const regionHint = region === undefined ? '' : `; the server says that the bucket is in region ${region}`
  const hints = redirect === undefined ? regionHint : `${regionHint}; it redirects to ${redirect}`
  const said = message === '' ? '' : `: ${withoutCredentials(message)}`
  const error = `${code}${status === undefined ? '' : ` ${status}`}${said}`
  const advice = adviceOn(details)
  return advice === undefined ? `${error}${hints}` : `${advice}${hints} (${error})`
}

function adviceOn(details: ErrorDetails): string | undefined {
  const byCode = adviceByCode.find(([codes]) => codes.includes(details.code))?.[1]
  return byCode ?? adviceByStatus(details) ?? (isTls(details.code) ? tls : undefined)
}

const overloaded = 'the server is overloaded or fails, also after retries; try again later, or put less at once'
const wrongRegion =
  'the region or the endpoint is not that of the bucket; ' +
  'set clientConfig.region (or AWS_REGION) and clientConfig.endpoint'
const noCredentials =
  'no credentials were found; set clientConfig.credentials or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
const unreachable = 'the server cannot be reached; check clientConfig.endpoint, the network and whether the server runs'
const cut = 'the connection was cut; try again, and look for a proxy or a load balancer that ends connections'
const expired = 'the credentials have expired; renew them'
const denied =
  'access denied; the policy must allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload ' +
  'on the objects and s3:ListBucket on the bucket (without it S3 answers 403 also for an object that is not there), ' +
  'or the credentials are wrong'
const tls =
  'the TLS connection could not be made; check that the endpoint speaks TLS (https://) ' +
  'and that its certificate is trusted (NODE_EXTRA_CA_CERTS)'

const adviceByCode: readonly (readonly [codes: readonly string[], advice: string])[] = [
  [['NoSuchBucket'], 'the bucket does not exist; create it, or check the option bucket, the region and the endpoint'],
  [['SignatureDoesNotMatch'], 'the secret access key is wrong, or a proxy changes the Host header or the path'],
  [['InvalidAccessKeyId'], 'the server does not know the access key id; check the credentials and the endpoint'],
  [['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired'], expired],
  [['InvalidToken'], 'the session token is not valid; renew the credentials'],
  [['RequestTimeTooSkewed', 'RequestExpired'], "the clock of this machine is wrong; set it by the network's time"],
  [['AccessDenied', 'AllAccessDisabled', 'Forbidden'], denied],
  [
    ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'],
    wrongRegion,
  ],
  [['CredentialsProviderError'], noCredentials],
  [
    ['XAmzContentSHA256Mismatch', 'BadDigest', 'InvalidDigest'],
    'the bytes were changed on the way to the server, which stored nothing; try again',
  ],
  [['EntityTooLarge'], 'the server does not take so many bytes; set maxByteLength to what it takes'],
  [['InvalidObjectState'], 'the object is archived; restore it, and keep the prefix out of archiving lifecycle rules'],
  [['QuotaExceeded', 'StorageFull', 'XMinioStorageFull', 'InsufficientCapacity'], 'the server has no space left'],
  [['InvalidBucketName'], 'the option bucket is not a bucket name'],
  [['SlowDown', 'ServiceUnavailable', 'InternalError', 'TooManyRequests', 'RequestLimitExceeded'], overloaded],
  [['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'], unreachable],
  [['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CONSTANT'], cut],
  [
    ['TimeoutError', 'ETIMEDOUT', 'RequestTimeout'],
    'the server did not answer in time; check the network, or raise the timeouts of clientConfig.requestHandler',
  ],
]

function adviceByStatus({ status, message }: ErrorDetails): string | undefined {
  if (status !== undefined && status >= 300 && status < 400) return wrongRegion
  if (status === 401 || status === 403) return denied
  if (status === 429 || (status !== undefined && status >= 500 && status !== 501)) return overloaded
  if (message.includes('Region is missing')) return wrongRegion
  if (message.includes('credential object is not valid')) return noCredentials
  return undefined
}

function isTls(code: string): boolean {
  return /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$)/.test(code)
}

/** Messages of servers and of Node may repeat a URL or a signed header. */
function withoutCredentials(message: string): string {
  return withoutUrlCredentials(message)
    .replace(/((?:X-Amz-)?(?:Signature|Credential|Security-Token)=)[^&\s,]+/gi, '$1***')
    .replace(/\s+/g, ' ')
    .slice(0, 500)
    .trim()
}
