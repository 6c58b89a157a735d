import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { AttachmentBackendError } from '@lash/attachments-core'

export interface PresignedGet {
  readonly bucket: string
  readonly key: string
  /** In seconds. */
  readonly expiresIn: number
  readonly contentDisposition: string
}

/** An HTTP request as the SDK signs and sends it. */
interface SignableRequest {
  protocol: string
  hostname: string
  port?: number
  path: string
  query: Record<string, string | string[] | null>
  headers: Record<string, string>
}

interface Presigner {
  presign?(
    request: SignableRequest,
    options: { expiresIn: number; signingRegion?: string; signingService?: string; signingDate: Date },
  ): Promise<SignableRequest>
}

/** What runs where the SDK is about to sign a request. */
type FinalMiddleware = (
  next: unknown,
  context: { endpointV2?: { properties?: { authSchemes?: readonly AuthScheme[] } } },
) => (args: { request: unknown }) => Promise<{ response: unknown; output: unknown }>

/** Headers that the SDK adds for the server's logs: a URL that had them signed would only work when sent with them. */
const notSigned = ['user-agent', 'x-amz-user-agent', 'amz-sdk-invocation-id', 'amz-sdk-request', 'x-amz-checksum-mode']

/**
 * A URL that anybody can GET until it expires. Nothing is sent: the SDK's own way to a signed request is followed to where it would be
 * signed, and the client's own signer then signs the URL in place of the headers. Credentials come by the client's chain.
 */
export async function presignedUrl(client: S3Client, get: PresignedGet): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: get.bucket,
    Key: get.key,
    ResponseContentDisposition: get.contentDisposition,
  })
  let url = ''
  const presignInstead: FinalMiddleware = (_next, context) => async args => {
    const request = args.request as SignableRequest
    for (const name of Object.keys(request.headers)) {
      if (notSigned.includes(name.toLowerCase())) delete request.headers[name]
    }
    request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
    const scheme = context.endpointV2?.properties?.authSchemes?.[0]
    url = urlOf(await presign(client, request, get.expiresIn, scheme))
    return { response: {}, output: { $metadata: {} } }
  }
  command.middlewareStack.addRelativeTo(presignInstead as never, {
    name: 'lashPresign',
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
    override: true,
  })
  await client.send(command)
  return url
}

interface AuthScheme {
  readonly name: string
  readonly signingName?: string
  readonly signingRegion?: string
}

async function presign(
  client: S3Client,
  request: SignableRequest,
  expiresIn: number,
  scheme: AuthScheme | undefined,
): Promise<SignableRequest> {
  const signer = (await client.config.signer(scheme as never)) as Presigner
  if (signer.presign === undefined) {
    throw new AttachmentBackendError('the signer of the S3 client cannot sign URLs; leave clientConfig.signer out')
  }
  return signer.presign(request, {
    expiresIn,
    // The server's clock, as far as the answers so far have told.
    signingDate: new Date(Date.now() + client.config.systemClockOffset),
    ...(scheme?.signingRegion === undefined ? {} : { signingRegion: scheme.signingRegion }),
    ...(scheme?.signingName === undefined ? {} : { signingService: scheme.signingName }),
  })
}

function urlOf({ protocol, hostname, port, path, query }: SignableRequest): string {
  const parameters = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`)
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}?${parameters.join('&')}`
}

/** As the signature's rules have it: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
