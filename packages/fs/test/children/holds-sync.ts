/**
 * Puts what another store has put, where one of its files cannot be opened, and the sync of the other takes long:
 * `node holds-sync.ts <root>`. Prints what has ended before the sync, and how.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { AttachmentStoreError } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { say } from '@lash/attachments-testing/child'
import { meta } from './bodies.ts'
import { seemFast } from './seeming-disk.ts'

const [root = ''] = process.argv.slice(2)
const bytes = new Uint8Array([1, 2, 3])
const other = new FileAttachmentStore(root)
await other.put(bytes, meta)
await other.close()

seemFast()
let release = () => {}
const { fsync, openSync } = fs
Object.assign(fs, {
  fsync(descriptor: number, done: () => void) {
    if (fs.fstatSync(descriptor).isDirectory()) return fsync(descriptor, done)
    release = () => fsync(descriptor, done)
  },
  openSync(path: string, flags: string) {
    if (flags !== 'r' || !path.endsWith('.json')) return openSync(path, flags)
    throw Object.assign(new Error('EIO: i/o error, open'), { code: 'EIO' })
  },
})
syncBuiltinESMExports()

const store = new FileAttachmentStore(root)
let ended = 'nothing'
const putting = store.put(bytes, meta).catch(error => {
  ended = AttachmentStoreError.isInstance(error) ? error.code : String(error)
})
for (let turns = 0; turns < 10; turns++) await setImmediate()
say(ended)
release()
await putting
say(ended)
await store.close()
