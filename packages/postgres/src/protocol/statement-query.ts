import type { ClientBase, Connection, QueryResultRow, Submittable } from 'pg'
import { isUnprepared } from '../database/postgres-error.ts'
import { parserOf } from '../database/result-parsers.ts'
import type { Statement } from '../database/statement.ts'

/** The result of a statement. */
export interface StatementResult<Row> {
  rows: Row[]
  /** The number of rows that it gave or changed. */
  rowCount: number
}

interface Column {
  readonly name: string
  parse(text: string): unknown
}

/** What the types of `pg` leave out: the text of each statement that the connection has prepared, by name. */
interface PreparedStatements {
  readonly parsedStatements: Record<string, string | undefined>
}

/** Makes the client prepare the statement again: somebody may have run DISCARD ALL on it. */
export function forgetPrepared(client: ClientBase, name: string): void {
  const { connection } = client as unknown as { connection?: Partial<PreparedStatements> }
  delete connection?.parsedStatements?.[name]
}

/** Columns of statements that the server has described. They follow from the text, so all connections share them. */
const knownColumns = new WeakMap<Statement, readonly Column[]>()

/**
 * One run of a statement. It does what a query of `pg` does, with less work: the server describes the columns only once
 * in a process, and the rows go to the caller without a result object around them.
 *
 * A tool that watches a host's statements may put a proxy in place of this object, or an object that inherits from it.
 * So no name begins with `#`: such a name works on the object itself alone.
 */
export class StatementQuery<Row extends QueryResultRow> implements Submittable {
  /** `pg` remembers by these what the connection has prepared. */
  readonly name: string
  readonly text: string
  /** `pg` wraps it when there is a `query_timeout`, and so do tools that watch statements. */
  callback: (error: unknown, result?: StatementResult<Row>) => void
  private readonly statement: Statement
  private readonly values: readonly unknown[]
  private readonly rows: Row[] = []
  private columns: readonly Column[] | undefined
  private rowCount = 0

  /** @param prepare - whether to prepare it under its name, for the next time. */
  constructor(
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

  submit(connection: Connection): void {
    const { stream, parsedStatements } = connection as Connection & PreparedStatements
    stream.cork()
    try {
      if (this.name === '' || parsedStatements[this.name] === undefined) {
        connection.parse({ name: this.name, text: this.text, types: [] }, true)
      }
      connection.bind({ statement: this.name, values: this.values.map(parameterOf) }, true)
      if (this.columns === undefined) connection.describe({ type: 'P' }, true)
      connection.execute(null, true)
      connection.sync()
    } finally {
      stream.uncork()
    }
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
    // The server describes no columns when there are none.
    if (!knownColumns.has(this.statement)) knownColumns.set(this.statement, this.columns ?? [])
    this.callback(undefined, { rows: this.rows, rowCount: this.rowCount })
  }

  handleError(error: unknown, connection: Connection): void {
    if (isUnprepared(error)) delete (connection as Connection & PreparedStatements).parsedStatements[this.name]
    this.callback(error)
  }

  handlePortalSuspended(): void {}

  handleEmptyQuery(): void {}
}

/** Bytes go in binary form, everything else as text. The mapping of `pg` is no choice: a host may replace it. */
function parameterOf(value: unknown): Buffer | string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return Array.isArray(value) ? `{${value.map(elementOf).join(',')}}` : String(value)
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : String(value)
}
