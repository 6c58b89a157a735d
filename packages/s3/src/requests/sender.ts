import type { S3Client } from '@aws-sdk/client-s3'
import { abortable } from '@lash/attachments-core/backend'

/**
 * Headers for the request of one command. They are a property of its input, because only that reaches every middleware.
 */
const extraHeaders: unique symbol = Symbol('extra headers')

type ExtraHeaders = Record<string, string> | ((body: unknown) => Record<string, string>)

/** The input of a command, with more headers for its request, which are signed too. Its body may decide about them. */
export function withHeaders<Input extends object>(input: Input, headers: ExtraHeaders): Input {
  return Object.assign(input, { [extraHeaders]: headers })
}

/** A command of the SDK, as `client.send` takes it. */
export interface S3Command<Output> {
  readonly input: object
  readonly middlewareStack: { add(middleware: never, options: never): void }
  resolveMiddleware(stack: never, config: never, options: never): (command: never) => Promise<{ output: Output }>
}

interface BuildArguments {
  readonly input: { readonly [extraHeaders]?: ExtraHeaders }
  readonly request: { readonly headers: Record<string, string>; readonly body: unknown }
}

/** One of the SDK's middlewares. */
const addExtraHeaders = (next: (args: BuildArguments) => unknown) => (args: BuildArguments) => {
  const extra = args.input[extraHeaders]
  const { headers, body } = args.request
  if (extra !== undefined) Object.assign(headers, typeof extra === 'function' ? extra(body) : extra)
  return next(args)
}

/** Late in `build`: after the middleware that computes headers from the body, before signing. */
const beforeSigning = { step: 'build', priority: 'low', name: 'lashExtraHeaders', override: true }

/**
 * Sends commands through the middleware that the client has at that moment, and one more that is added to the
 * command. A client that a host gave is never changed, and what its owner adds to it at any time is honoured.
 */
export class Sender {
  readonly #client: S3Client
  readonly #ownsClient: boolean

  /** @param ownsClient - whether nobody changes the client's middleware, so that the SDK may resolve it once. */
  constructor(client: S3Client, ownsClient: boolean) {
    this.#client = client
    this.#ownsClient = ownsClient
  }

  /** Whether the client gives its uploads checksums that nobody demanded. */
  async sendsChecksums(): Promise<boolean> {
    return (await this.#client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED'
  }

  /** @throws what the SDK throws, or `signal.reason`. */
  async send<Output>(command: S3Command<Output>, signal: AbortSignal | undefined): Promise<Output> {
    signal?.throwIfAborted()
    command.middlewareStack.add(addExtraHeaders as never, beforeSigning as never)
    // With options, the SDK resolves the middleware anew, also for a client with `cacheMiddleware`, which may remember
    // commands without our middleware.
    const options = this.#ownsClient ? undefined : {}
    const sent = this.#client.send(
      command as never,
      (signal === undefined ? options : { abortSignal: signal }) as never,
    )
    return abortable(sent as Promise<Output>, signal)
  }
}
