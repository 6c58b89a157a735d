import type { S3Client } from '@aws-sdk/client-s3'
import { abortable } from '@lash/attachments-core/backend'

/** Headers for the request of one command: a property of its input, because that is all that reaches every middleware. */
const extraHeaders: unique symbol = Symbol('extra headers')

type ExtraHeaders = Record<string, string> | ((body: unknown) => Record<string, string>)

/** The input of a command, with headers that its request is to have, signed like the others; possibly computed from its body. */
export function withHeaders<Input extends object>(input: Input, headers: ExtraHeaders): Input {
  return Object.assign(input, { [extraHeaders]: headers })
}

type Handler = (command: object) => Promise<{ output: unknown }>

/** What of a command's middleware is seen here. */
interface CommandStack {
  add(middleware: never, options: never): void
}

/** Any command of the SDK, as `client.send` takes them. */
export interface S3Command<Output> {
  readonly input: object
  readonly middlewareStack: CommandStack
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

/**
 * Sends commands through the middleware that the client has at that moment, and one more that stands on the command: a client that was given
 * is never changed, and what its owner adds to it at any time is honoured. The SDK sorts the middleware anew for each request, which takes
 * as long as all that the middleware does. Where it cannot change, it is sorted once per kind of command for requests without a signal.
 */
export class Sender {
  readonly #client: S3Client
  readonly #handlers: Map<unknown, Handler> | undefined

  /** @param fixed - whether the client's middleware stays as it is. */
  constructor(client: S3Client, fixed: boolean) {
    this.#client = client
    this.#handlers = fixed ? new Map() : undefined
  }

  /** Whether the client gives its uploads checksums that nobody demanded. */
  async sendsChecksums(): Promise<boolean> {
    return (await this.#client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED'
  }

  /** @throws what the SDK throws, or `signal.reason`. */
  async send<Output>(command: S3Command<Output>, signal: AbortSignal | undefined): Promise<Output> {
    if (signal === undefined) return (await this.#handler(command)(command)).output as Output
    signal.throwIfAborted()
    const sent = this.#resolve(command, { abortSignal: signal })(command)
    return (await abortable(sent, signal)).output as Output
  }

  #handler(command: S3Command<unknown>): Handler {
    const known = this.#handlers?.get(command.constructor)
    if (known !== undefined) return known
    const handler = this.#resolve(command, undefined)
    this.#handlers?.set(command.constructor, handler)
    return handler
  }

  #resolve(command: S3Command<unknown>, options: { abortSignal: AbortSignal } | undefined): Handler {
    // Late in `build`: after what computes headers from the body, before signing.
    const place = { step: 'build', priority: 'low', name: 'lashExtraHeaders', override: true }
    command.middlewareStack.add(addExtraHeaders as never, place as never)
    const { middlewareStack, config } = this.#client
    return command.resolveMiddleware(middlewareStack as never, config as never, options as never) as Handler
  }
}
