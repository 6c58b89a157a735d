import type { ClientBase, Connection, QueryResultRow, Submittable } from 'pg'
import { isUnprepared } from '../database/postgres-error.ts'
import { parserOf } from '../database/result-text.ts'
import type { Statement } from '../database/statement.ts'
import { bindMessage } from './bind-message.ts'

/** What a statement has done. */
export interface StatementResult<Row> {
  rows: Row[]
  /** Rows that it has given or changed. */
  rowCount: number
}

interface Column {
  readonly name: string
  parse(text: string): unknown
}

/** A connection of `pg`, as far as it is used here. Its types know less. */
interface PreparingConnection {
  parse(statement: { name: string; text: string }): void
  describe(what: { type: 'P'; name: string }): void
  readonly stream: { write(bytes: Uint8Array): boolean; cork(): void; uncork(): void }
  /** The text of each statement that the connection has prepared, by name. */
  readonly parsedStatements: Record<string, string | undefined>
}

/** Has the connection prepare the statement again: somebody may have said DISCARD ALL on it. */
export function forgetPrepared(connection: unknown, name: string): void {
  const { parsedStatements } = (connection ?? {}) as Partial<PreparingConnection>
  if (parsedStatements !== undefined) delete parsedStatements[name]
}

/** Of statements that were described once. The text says what the columns are, so that is the same on every connection. */
const knownColumns = new WeakMap<Statement, readonly Column[]>()

/** Execute, all rows, and Sync. */
const executeAndSync = Buffer.from('E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04', 'latin1')

/**
 * A statement with its values on the way. As `pg` does it, with half the work: one message where `pg` writes four, no description of columns that are known, and
 * big values are not copied; they must not change until it is done.
 *
 * What watches statements for a host may put a proxy, or an object that inherits from it, in its place. So no name begins with `#`: those are
 * of the object itself alone.
 */
export class StatementQuery<Row extends QueryResultRow> implements Submittable {
  /** `pg` remembers by these what the connection has prepared. */
  readonly name: string
  readonly text: string
  /** `pg` wraps it where there is a `query_timeout`, and what watches statements does so too. */
  callback: (error: unknown, result?: StatementResult<Row>) => void
  private readonly statement: Statement
  private readonly values: readonly unknown[]
  private readonly rows: Row[] = []
  private columns: readonly Column[] | undefined
  private rowCount = 0

  /** Runs it on a client. `prepare`: whether under its name, for the next time. */
  static run<Row extends QueryResultRow>(
    client: ClientBase,
    statement: Statement,
    values: readonly unknown[],
    prepare: boolean,
  ): Promise<StatementResult<Row>> {
    return new Promise((resolve, reject) => {
      const callback = (error: unknown, result?: StatementResult<Row>) =>
        error ? reject(error) : resolve(result as StatementResult<Row>)
      client.query(new StatementQuery<Row>(statement, values, prepare, callback))
    })
  }

  private constructor(
    statement: Statement,
    values: readonly unknown[],
    prepare: boolean,
    callback: (error: unknown, result?: StatementResult<Row>) => void,
  ) {
    this.name = prepare ? statement.name : ''
    this.text = statement.text
    this.callback = callback
    this.statement = statement
    this.values = values
    this.columns = knownColumns.get(statement)
  }

  submit(given: Connection): void {
    const connection = given as unknown as PreparingConnection
    const { stream, parsedStatements } = connection
    stream.cork()
    try {
      if (this.name === '' || parsedStatements[this.name] === undefined) {
        connection.parse({ name: this.name, text: this.text })
      }
      if (this.columns === undefined) {
        this.write(stream, bindMessage(this.name, this.values))
        connection.describe({ type: 'P', name: '' })
        stream.write(executeAndSync)
      } else {
        this.write(stream, bindMessage(this.name, this.values, executeAndSync))
      }
    } finally {
      stream.uncork()
    }
  }

  private write(stream: PreparingConnection['stream'], parts: readonly Uint8Array[]): void {
    for (const part of parts) stream.write(part)
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.columns = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }))
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {}
    const columns = this.columns as readonly Column[]
    for (const [index, { name, parse }] of columns.entries()) {
      const text = fields[index] as string | null
      row[name] = text === null ? null : parse(text)
    }
    this.rows.push(row as Row)
  }

  /** `INSERT 0 1`, `SELECT 5`. */
  handleCommandComplete({ text }: { text: string }): void {
    this.rowCount = Number(text.slice(text.lastIndexOf(' ') + 1))
  }

  handleReadyForQuery(): void {
    // One that gives no rows has no description.
    if (!knownColumns.has(this.statement)) knownColumns.set(this.statement, this.columns ?? [])
    this.callback(undefined, { rows: this.rows, rowCount: this.rowCount })
  }

  handleError(error: unknown, connection: Connection): void {
    if (isUnprepared(error)) forgetPrepared(connection, this.name)
    this.callback(error)
  }

  handlePortalSuspended(): void {}

  handleEmptyQuery(): void {}
}
