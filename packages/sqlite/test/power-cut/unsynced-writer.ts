/** `node unsynced-writer.ts <path>`: opens the database, writes a blob into its log, and is killed before it syncs it. */
import { writeSync } from 'node:fs'
import { contentId } from '@lash/attachments-core'
import { openConnection } from '../../src/connection.ts'
import { openSqliteAttachments } from '../../src/index.ts'
import { Tables } from '../../src/operations.ts'
import { WriteTransaction } from '../../src/write-transaction.ts'
import { contents, meta } from './contents.ts'

const [path = ''] = process.argv.slice(2)
openSqliteAttachments(path)
const connection = openConnection({ path, busyTimeoutMs: 1000 })
connection.pragma('synchronous = OFF')
const { byteLength } = contents.small
const blob = {
  key: { id: contentId(contents.small), generation: 0 },
  byteLength,
  storedLength: byteLength,
  meta,
  body: { encoding: 0, bytes: contents.small },
}
writeSync(1, 'begun put small\n')
new WriteTransaction(connection, new Tables(connection)).run([{ kind: 'putBlob', request: { blob } }])
process.kill(process.pid, 'SIGKILL')
