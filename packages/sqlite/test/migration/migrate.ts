/** A recorded process: `node migrate.ts <path> <file>`. Copies a database to the path, and opens it. */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { openSqliteAttachments } from '@lash/attachments-sqlite'

const [path = '', file = ''] = process.argv.slice(2)
const copy = openSync(path, 'w')
writeSync(copy, readFileSync(file))
fsyncSync(copy)
closeSync(copy)
const folder = openSync(dirname(path), 'r')
fsyncSync(folder)
closeSync(folder)

writeSync(1, 'copied\n')
const { close } = openSqliteAttachments(path)
writeSync(1, 'migrated\n')
await close()
