/** `node unsynced-writer.ts <path>`: makes the database, writes a blob to its log, and is killed before the sync. */
import { writeSync } from 'node:fs'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { writeUnsynced } from './write-unsynced.ts'

const [path = ''] = process.argv.slice(2)
openSqliteAttachments(path)
writeSync(1, 'begun put small\n')
writeUnsynced(path, 'small')
process.kill(process.pid, 'SIGKILL')
