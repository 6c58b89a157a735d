import pg, { type QueryConfig, type QueryResult, type QueryResultRow } from 'pg'
import { int16, int32 } from './copy-protocol.ts'

/** Bytes from which a value is sent as it is. `pg` would copy it into a buffer of its own, which it makes anew each time. */
const uncopiedBytes = 16 * 1024

/** Whether some value is big enough for a {@link BytesQuery}. */
export function hasBigBytes(values: readonly unknown[]): boolean {
  return values.some(value => value instanceof Uint8Array && value.byteLength >= uncopiedBytes)
}

/** What `pg` puts into a Bind message. */
interface BindConfig {
  portal?: string
  statement?: string
  values: readonly unknown[]
  valueMapper(value: unknown): string | Buffer | null
}

interface BindConnection {
  readonly stream: { write(bytes: Uint8Array): boolean }
  bind(config: BindConfig): void
}

/** Its types do not know how it prepares. */
const Query = pg.Query as unknown as new (
  config: QueryConfig & { callback: (error: Error | null, result: unknown) => void },
) => pg.Query & { prepare(connection: BindConnection): void }

/** A query whose big values are sent without being copied. They must not change until it is done. */
export class BytesQuery extends Query {
  /** Runs it on a client. */
  static run<Row extends QueryResultRow>(client: pg.ClientBase, config: QueryConfig): Promise<QueryResult<Row>> {
    return new Promise((resolve, reject) => {
      const callback = (error: Error | null, result: unknown) =>
        error ? reject(error) : resolve(result as QueryResult<Row>)
      client.query(new BytesQuery({ ...config, callback }))
    })
  }

  /** As `pg` does it, with another way to write the Bind message. */
  override prepare(connection: BindConnection): void {
    const bind = (config: BindConfig) => {
      for (const part of bindMessage(config)) connection.stream.write(part)
    }
    super.prepare(Object.create(connection, { bind: { value: bind } }))
  }
}

/** The parts of a Bind message; each big value is a part of its own. */
function bindMessage({ portal = '', statement = '', values, valueMapper }: BindConfig): Buffer[] {
  const mapped = values.map(value => valueMapper(value))
  const parts: Buffer[] = []
  let small = [Buffer.from(`${portal}\0${statement}\0`), int16(mapped.length)]
  // Bytes are binary, everything else is text.
  for (const value of mapped) small.push(int16(Buffer.isBuffer(value) ? 1 : 0))
  small.push(int16(mapped.length))
  for (const value of mapped) {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    small.push(int32(bytes === null ? -1 : bytes.length))
    if (bytes === null) continue
    if (bytes.length < uncopiedBytes) {
      small.push(bytes)
      continue
    }
    parts.push(Buffer.concat(small), bytes)
    small = []
  }
  // Every column of the result as text.
  small.push(int16(1), int16(0))
  parts.push(Buffer.concat(small))
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  return [Buffer.concat([Buffer.from('B'), int32(length)]), ...parts]
}
