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
type Stack = Pick<S3Client['middlewareStack'], 'add' | 'clone'>
type Config = S3Client['config']

/** Any command of the SDK, as `client.send` takes them. */
export interface S3Command<Output> {
  readonly input: object
  resolveMiddleware(stack: never, config: never, options: never): (command: never) => Promise<{ output: Output }>
}

/**
 * Sends commands of an S3 client through a copy of its middleware stack, with one middleware more; an injected client is never
 * changed. The SDK sorts the stack anew for each request, which takes as long as all that the stack does. For
 * requests without a signal it is sorted once per kind of command, as with the SDK's own `cacheMiddleware`.
 */
export class Sender {
  readonly #config: Config
  readonly #stack: Stack
  readonly #handlers = new Map<unknown, Handler>()

  constructor(client: S3Client) {
    this.#config = client.config
    this.#stack = client.middlewareStack.clone()
    this.#stack.add(
      next => async args => {
        const extra = (args.input as { [extraHeaders]?: ExtraHeaders })[extraHeaders]
        const request = args.request as { headers: Record<string, string>; body: unknown }
        if (extra !== undefined)
          Object.assign(request.headers, typeof extra === 'function' ? extra(request.body) : extra)
        return next(args)
      },
      // Late in `build`: after what computes headers from the body, before signing.
      { step: 'build', priority: 'low', name: 'lashExtraHeaders', override: true },
    )
  }

  /** @throws what the SDK throws, or `signal.reason`. */
  async send<Output>(command: S3Command<Output>, signal: AbortSignal | undefined): Promise<Output> {
    if (signal === undefined) return (await this.#cached(command)(command)).output as Output
    signal.throwIfAborted()
    const sent = this.#resolve(command, { abortSignal: signal })(command)
    return (await abortable(sent, signal)).output as Output
  }

  #cached(command: S3Command<unknown>): Handler {
    const known = this.#handlers.get(command.constructor)
    if (known !== undefined) return known
    const handler = this.#resolve(command, undefined)
    this.#handlers.set(command.constructor, handler)
    return handler
  }

  #resolve(command: S3Command<unknown>, options: { abortSignal: AbortSignal } | undefined): Handler {
    return command.resolveMiddleware(this.#stack as never, this.#config as never, options as never) as Handler
  }
}
