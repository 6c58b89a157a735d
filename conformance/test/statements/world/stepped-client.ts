import pg from 'pg'

/** Who decides when statements go to the server, and what becomes of them on the way. */
export interface Conductor {
  /** The text that is sent instead. */
  rewritten(text: string): string
  /** Resolves when the statement may be sent. */
  before(text: string): Promise<void>
  /** The statement has failed. */
  failed(error: unknown): void
  /** The statement has stalled before it writes to a table. */
  stalled(client: SteppedClient, stall: Stall): void
}

/** What a trigger says before it waits to be let go. See `stalls.ts`. */
export interface Stall {
  /** Counted on the connection, from 1. */
  readonly number: number
  readonly level: 'STATEMENT' | 'ROW'
  readonly operation: string
  readonly table: string
}

export type SteppedClient = pg.Client & { readonly processID: number }

/** What `pg` and the package give to `query`. */
type Sent =
  | string
  | { text: string; name?: string; submit?: unknown; callback?: (error: unknown, ...rest: unknown[]) => void }

/** A client of `pg` that asks the conductor before each statement that it sends. */
export function steppedClient(conductor: Conductor, made: (client: SteppedClient) => void): new () => pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config)
      const send = this.query.bind(this) as unknown as (sent: Sent, ...rest: unknown[]) => unknown
      const stepped = (sent: Sent, ...rest: unknown[]): unknown => {
        const text = typeof sent === 'string' ? sent : sent.text
        if (isHarmless(text)) return send(sent, ...rest)
        const changed = withText(sent, conductor.rewritten(text))
        if (typeof changed === 'string' || changed.submit === undefined) {
          const sending = conductor.before(text).then(() => send(changed, ...rest)) as Promise<unknown>
          sending.catch(error => conductor.failed(error))
          return sending
        }
        const { callback } = changed
        changed.callback = (error, ...given) => {
          if (error) conductor.failed(error)
          callback?.(error, ...given)
        }
        void conductor.before(text).then(() => send(changed, ...rest))
        return changed
      }
      this.query = stepped as unknown as typeof this.query
      this.on('notice', ({ message }) => {
        const stall = stallOf(message)
        if (stall !== undefined) conductor.stalled(this as unknown as SteppedClient, stall)
      })
      made(this as unknown as SteppedClient)
    }
  }
}

/** These take neither a snapshot that lasts nor a lock, so it makes no difference when they are sent. */
function isHarmless(text: string): boolean {
  return /^\s*(BEGIN\b|SELECT pg_catalog\.set_config\()/.test(text)
}

function withText(sent: Sent, text: string): Sent {
  if (typeof sent === 'string') return text
  if (sent.text === text) return sent
  // The query object of the package is sent itself, since the caller waits for it. The connection may have the true
  // text prepared under the name.
  return Object.assign(sent, { text, name: '' })
}

function stallOf(message: string | undefined): Stall | undefined {
  const [, number, level, operation, table] = /^stall (\d+) (\w+) (\w+) (\w+)$/.exec(message ?? '') ?? []
  if (table === undefined) return undefined
  return { number: Number(number), level: level as Stall['level'], operation: operation as string, table }
}
