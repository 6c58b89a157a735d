import type { Connection, Submittable } from 'pg'

/**
 * The methods that `pg` calls on the query that a connection is busy with; its types have only `submit`. No name begins
 * with `#`, as in `StatementQuery`.
 */
abstract class CopyStatement implements Submittable {
  /** Settles when the connection is free again, or the statement has failed. */
  readonly done: Promise<void>
  readonly text: string
  /** `pg` wraps it when there is a `query_timeout`, and so do tools that watch statements. */
  callback: (error?: unknown) => void = () => {}

  constructor(text: string) {
    this.text = text
    this.done = new Promise((resolve, reject) => {
      this.callback = error => (error ? reject(error) : resolve())
    })
    // The statement may fail before anybody waits for it.
    this.done.catch(() => {})
  }

  submit(connection: Connection): void {
    connection.query(this.text)
  }

  handleError(error: unknown): void {
    this.callback(error)
  }

  handleReadyForQuery(): void {
    this.callback()
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCommandComplete(): void {}
  handleCopyData(_message: { chunk: Buffer }): void {}
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** Signature, flags, and length of the extension area, which is empty. */
const headerBytes = signature.length + 8
const trailer = Buffer.from([0xff, 0xff])

/** A value of a row that a COPY sends, in the binary format of its type. */
export type CopyValue = Buffer | null

/** Reads a row. The values are in a buffer of the connection: copy what must stay. */
export type CopiedRow<T> = (values: readonly CopyValue[], index: number) => T

/**
 * `COPY (SELECT ...) TO STDOUT (FORMAT binary)`. The rows of a `pg` query come as text, where a `bytea` takes twice its
 * size; `pg` damages rows that it asks for in binary format.
 */
export class CopyOut<T> extends CopyStatement {
  readonly rows: T[] = []
  private readonly read: CopiedRow<T>

  constructor(text: string, read: CopiedRow<T>) {
    super(text)
    this.read = read
  }

  /** The server sends each row in a message of its own, the first with the header before it. */
  override handleCopyData({ chunk }: { chunk: Buffer }): void {
    const row = chunk.subarray(0, signature.length).equals(signature) ? chunk.subarray(headerBytes) : chunk
    // The trailer has a count of -1. A header that came alone leaves nothing.
    if (row.length < 2 || row.readInt16BE() < 0) return
    this.rows.push(this.read(valuesOf(row), this.rows.length))
  }
}

function valuesOf(row: Buffer): CopyValue[] {
  const values: CopyValue[] = []
  for (let offset = 2; offset < row.length; ) {
    const length = row.readInt32BE(offset)
    offset += 4
    values.push(length < 0 ? null : row.subarray(offset, offset + length))
    offset += Math.max(0, length)
  }
  return values
}

/** The part of the connection's stream that is used here. */
interface Sink {
  write(bytes: Uint8Array): boolean
  once(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
  readonly destroyed: boolean
}

interface CopyConnection {
  readonly stream: Sink
  endCopyFrom(): void
  sendCopyFail(message: string): void
}

/** A value of a row for a COPY, in the binary format of its type. */
export type CopyField = Uint8Array

/** `COPY table (...) FROM STDIN (FORMAT binary)`, fed from a source at the pace of the connection. */
export class CopyIn extends CopyStatement {
  private readonly rows: AsyncIterable<readonly CopyField[]>
  private stopped = false
  private sourceError: { error: unknown } | undefined

  constructor(text: string, rows: AsyncIterable<readonly CopyField[]>) {
    super(text)
    this.rows = rows
  }

  handleCopyInResponse(connection: CopyConnection): void {
    void this.send(connection)
  }

  override handleError(error: unknown): void {
    this.stopped = true
    // When the source failed, the server only repeats that.
    super.handleError(this.sourceError === undefined ? error : this.sourceError.error)
  }

  private async send(connection: CopyConnection): Promise<void> {
    const { stream } = connection
    try {
      writeMessage(stream, [signature, Buffer.alloc(8)])
      for await (const fields of this.rows) {
        if (this.stopped) return
        if (!writeMessage(stream, rowOf(fields))) await drained(stream)
      }
      if (this.stopped) return
      writeMessage(stream, [trailer])
      connection.endCopyFrom()
    } catch (error) {
      this.sourceError = { error }
      if (!this.stopped) connection.sendCopyFail('the source failed')
    }
  }
}

/** Writes a CopyData message part by part, so that the bytes of a blob are not copied once more. */
function writeMessage(stream: Sink, parts: readonly Uint8Array[]): boolean {
  const head = Buffer.alloc(5)
  head[0] = 0x64
  head.writeInt32BE(4 + parts.reduce((length, part) => length + part.length, 0), 1)
  let more = stream.write(head)
  for (const part of parts) more = stream.write(part)
  return more
}

function rowOf(fields: readonly CopyField[]): Uint8Array[] {
  return [int16(fields.length), ...fields.flatMap(field => [int32(field.length), field])]
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function drained(stream: Sink): Promise<void> {
  if (stream.destroyed) return Promise.resolve()
  return new Promise(resolve => {
    const go = () => {
      stream.off('drain', go)
      stream.off('close', go)
      resolve()
    }
    stream.once('drain', go)
    stream.once('close', go)
  })
}
