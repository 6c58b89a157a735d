import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'

/** Sockets per server. Each concurrent request takes one. */
const maxSockets = 128

/**
 * A client with defaults that suit blobs and every S3 lookalike; what `config` says goes first.
 *
 * - Checksums only where the protocol requires them: the signed SHA-256 of the bytes does what they would, and several
 *   servers refuse or mangle the trailers that they come in.
 * - Requests that hang end: 5 s to connect, 60 s without a byte, 5 min from the start of a request to its answer.
 * - No `Expect: 100-continue`: the SDK opens a fresh connection for each request that has it.
 * - Path-style addresses for a custom endpoint: few lookalikes have a host name per bucket.
 */
export function createClient(config: S3ClientConfig): S3Client {
  return new S3Client({
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    ...(hasCustomEndpoint(config) ? { forcePathStyle: true } : {}),
    ...config,
    requestHandler: requestHandler(config.requestHandler),
  })
}

/** Given, or set for the SDK in the environment. */
function hasCustomEndpoint({ endpoint }: S3ClientConfig): boolean {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env
  return Boolean(endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL)
}

/** Options of a request handler are completed; a handler that somebody made stays as it is. */
function requestHandler(given: S3ClientConfig['requestHandler']): NonNullable<S3ClientConfig['requestHandler']> {
  if (given !== undefined && 'handle' in given) return given
  return {
    connectionTimeout: 5_000,
    socketTimeout: 60_000,
    requestTimeout: 300_000,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
    ...given,
  }
}
