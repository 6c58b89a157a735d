import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'

/** Sockets for each server. Each concurrent request takes one. */
const maxSockets = 128

/**
 * A client with defaults that suit blobs and all servers that speak the protocol of S3. Settings of `config` take
 * precedence.
 *
 * - Checksums only where the protocol requires them. The signed SHA-256 of the bytes protects as well, and several
 *   servers refuse or mangle the trailers that carry checksums.
 * - Timeouts: 5 s to connect, 60 s without a byte, 5 min from the start of a request to its answer.
 * - No `Expect: 100-continue`, for which the SDK opens a new connection each time.
 * - The SDK resolves the middleware once for each kind of command, which takes as long as running it. Nobody changes
 *   the middleware of this client.
 * - Path-style addresses for a custom endpoint: few servers other than AWS have a host name for each bucket.
 * @throws AttachmentInvalidArgumentError
 */
export function createClient(config: S3ClientConfig): S3Client {
  checkEndpoint(config.endpoint)
  try {
    return clientOf(config)
  } catch (cause) {
    throw new AttachmentInvalidArgumentError(`clientConfig is not right: ${(cause as Error).message}`, { cause })
  }
}

function clientOf(config: S3ClientConfig): S3Client {
  return new S3Client({
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    cacheMiddleware: true,
    ...(hasCustomEndpoint(config) ? { forcePathStyle: true } : {}),
    ...given(config),
    requestHandler: requestHandler(config.requestHandler),
  })
}

/** Whether the settings ask for something that only the SDK's middleware does, so that no request may go around it. */
export function needsMiddleware(config: S3ClientConfig): boolean {
  const { requestChecksumCalculation, responseChecksumValidation, logger } = config
  const checksums = [requestChecksumCalculation, responseChecksumValidation]
  return logger !== undefined || checksums.some(when => when !== undefined && when !== 'WHEN_REQUIRED')
}

/** Whether nobody else uses the connections of a client with these settings. */
export function ownsConnections({ requestHandler: options }: S3ClientConfig): boolean {
  const { handle, httpAgent, httpsAgent } = (options ?? {}) as Record<string, { destroy?: unknown } | undefined>
  return ![handle, httpAgent?.destroy, httpsAgent?.destroy].some(given => typeof given === 'function')
}

/** An empty endpoint, perhaps of a variable that is not set, would send everything to AWS. */
function checkEndpoint(endpoint: S3ClientConfig['endpoint']): void {
  if (typeof endpoint !== 'string' || /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) return
  throw new AttachmentInvalidArgumentError(
    'clientConfig.endpoint must be a URL such as "https://s3.example.com" or "http://localhost:9000"',
  )
}

/** The options without those that are `undefined`. */
function given<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>
}

/** Whether an endpoint is given, or set for the SDK in the environment. */
function hasCustomEndpoint({ endpoint, ignoreConfiguredEndpointUrls }: S3ClientConfig): boolean {
  if (endpoint !== undefined) return true
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS } = process.env
  if (ignoreConfiguredEndpointUrls || AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return false
  return Boolean(AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL)
}

/** Completes options of a request handler. A handler that somebody made stays as it is. */
function requestHandler(options: S3ClientConfig['requestHandler'] = {}): NonNullable<S3ClientConfig['requestHandler']> {
  if ('handle' in options) return options
  return {
    connectionTimeout: 5_000,
    socketTimeout: 60_000,
    requestTimeout: 300_000,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
    ...given(options),
  }
}
