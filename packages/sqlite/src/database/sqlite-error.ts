import {
  AttachmentBackendError,
  AttachmentIoError,
  AttachmentSchemaError,
  AttachmentStoreError,
} from '@lash/attachments-core'

/** What is left of an error of better-sqlite3 once it has crossed from one thread to another. */
export interface SqliteFailure {
  code: string
  message: string
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether somebody else holds the lock, so that trying again may help. It does not help a stale snapshot. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  if (code.startsWith('SQLITE_BUSY')) return code !== 'SQLITE_BUSY_SNAPSHOT'
  return code.startsWith('SQLITE_LOCKED') || isIterating(error)
}

/** Whether there was no room: on the disk, or within the limit of the moment. */
export function isFull(error: unknown): boolean {
  return ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes(codeOf(error))
}

/** Whether the host is in the middle of an `iterate` on the handle that we share with it. */
function isIterating(error: unknown): boolean {
  return (error as Error | null)?.message === 'This database connection is busy executing a query'
}

/** Whether a statement names a table or a column that is not there. */
export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_ERROR' && /^no such (table|column): /.test((error as Error).message)
}

/** Blocks the calling thread: only for what is synchronous by contract. */
export function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Any error as one of ours that says what to do, with the error of the driver as its cause; ours as they are. */
export function attachmentError(error: unknown, path: string, busyTimeoutMs: number): AttachmentStoreError {
  if (AttachmentStoreError.isInstance(error)) return error
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const text = code === '' ? message : `${message} (${code})`
  const options = { cause: error }
  if (code === 'SQLITE_BUSY_SNAPSHOT') {
    return new AttachmentBackendError(
      `the transaction on ${path} has read before another writer committed: ${text}; begin it as an immediate one`,
      options,
    )
  }
  if (isBusy(error)) {
    return new AttachmentBackendError(
      `${path} stayed locked for ${busyTimeoutMs} ms: ${text}; ` +
        'find the process that keeps a write transaction open, or raise busyTimeoutMs',
      options,
    )
  }
  if (isFull(error)) {
    return new AttachmentIoError(
      path,
      `no space left for ${path}: ${text}; nothing was written; ` +
        'free space, or release and sweep what is not needed, and try again',
      options,
    )
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return new AttachmentIoError(path, `${path} is read-only: ${text}; make the file and its folder writable`, options)
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM' || code === 'SQLITE_AUTH') {
    return new AttachmentIoError(
      path,
      `cannot open ${path}: ${text}; check that it is a file, and the permissions of it and its folder`,
      options,
    )
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new AttachmentIoError(path, `the file system failed under ${path}: ${text}; check the disk`, options)
  }
  if (code === 'SQLITE_NOTADB') {
    return new AttachmentSchemaError(
      `${path} is not an SQLite database (or is encrypted): ${text}; give another path`,
      options,
    )
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new AttachmentBackendError(
      `the database ${path} is damaged: ${text}; ` +
        'stop writing to it, run PRAGMA integrity_check, and restore it from a backup',
      options,
    )
  }
  if (isMissingTable(error)) {
    return new AttachmentSchemaError(`${path} lost tables of ours: ${text}; restore it from a backup`, options)
  }
  return new AttachmentBackendError(`${path} failed: ${text}`, options)
}
