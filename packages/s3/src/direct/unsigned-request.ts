import type { S3Client } from '@aws-sdk/client-s3'

/** An HTTP request as the SDK signs and sends it. */
export interface HttpRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query: Record<string, string | string[] | null>
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** How requests to the server are signed. */
export interface AuthScheme {
  readonly name: string
  readonly signingName?: string
  readonly signingRegion?: string
}

export interface SigningOptions {
  readonly signingDate: Date
  readonly signingRegion?: string
  readonly signingService?: string
}

export interface UrlSigningOptions extends SigningOptions {
  /** In seconds. */
  readonly expiresIn: number
  /** In lower case: what stays a header, and does not go into the query. */
  readonly unhoistableHeaders: Set<string>
}

/** A signer of the SDK. It takes credentials from the client's chain, for each request anew. */
export interface Signer {
  sign(request: HttpRequest, options: SigningOptions): Promise<HttpRequest>
  presign?(request: HttpRequest, options: UrlSigningOptions): Promise<HttpRequest>
}

export interface UnsignedRequest {
  readonly request: HttpRequest
  readonly scheme: AuthScheme | undefined
  readonly signer: Signer
}

/** A command of the SDK, as far as a request is made of it. */
export interface Command {
  readonly middlewareStack: { addRelativeTo(middleware: never, options: never): void }
}

/** Middleware in the place where the SDK is about to sign a request. */
type FinalMiddleware = (
  next: unknown,
  context: { endpointV2?: { properties?: { authSchemes?: readonly AuthScheme[] } } },
) => (args: { request: unknown }) => Promise<{ response: unknown; output: unknown }>

/** The request of a command as the SDK builds it, without a signature. Nothing is sent. */
export async function unsignedRequest(client: S3Client, command: Command): Promise<UnsignedRequest> {
  let found: Omit<UnsignedRequest, 'signer'> | undefined
  const instead: FinalMiddleware = (_next, context) => async args => {
    found = { request: args.request as HttpRequest, scheme: context.endpointV2?.properties?.authSchemes?.[0] }
    return { response: {}, output: { $metadata: {} } }
  }
  const place = { name: 'lashUnsigned', relation: 'before', toMiddleware: 'httpSigningMiddleware', override: true }
  command.middlewareStack.addRelativeTo(instead as never, place as never)
  // With options: otherwise a client with `cacheMiddleware` would reuse this middleware for later commands of this
  // kind.
  await client.send(command as never, {})
  if (found === undefined) throw new Error('the S3 client has another middleware stack than this version knows')
  return { ...found, signer: (await client.config.signer(found.scheme as never)) as unknown as Signer }
}

/** For a signature of now, by the server's clock as far as the client knows it. */
export function signingOptions(client: S3Client, scheme: AuthScheme | undefined): SigningOptions {
  return {
    signingDate: new Date(Date.now() + client.config.systemClockOffset),
    ...(scheme?.signingRegion === undefined ? {} : { signingRegion: scheme.signingRegion }),
    ...(scheme?.signingName === undefined ? {} : { signingService: scheme.signingName }),
  }
}
