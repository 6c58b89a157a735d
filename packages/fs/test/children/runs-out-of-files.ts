/**
 * Puts a spooled body when no file can be opened any more: `node runs-out-of-files.ts <root> <durability>`, under a low
 * limit of open files. Prints what is left.
 */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AttachmentStoreError } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { say } from '@lash/attachments-testing/child'
import { halfBody, meta } from './bodies.ts'

const [root = '', durability = ''] = process.argv.slice(2)
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap(entry => (entry.isFile() ? [entry.name] : []))

const store = new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
await store.put(new Uint8Array([1]), meta)
const content = await store.prepare(new Blob([halfBody]).stream())
const open: number[] = []
try {
  for (;;) open.push(openSync('/dev/null', 'r'))
} catch {
  // Now there are as many as the limit allows.
}
const outcome = await store.put(content, meta).catch(error => error)
for (const descriptor of open) closeSync(descriptor)
say('refused', AttachmentStoreError.isInstance(outcome) && outcome.code === 'io' && outcome.message.includes('EMFILE'))
say('left', ...filesBelow(join(root, 'tmp')).filter(name => !name.startsWith('spool-')))
await store.put(content, meta)
await content[Symbol.asyncDispose]()
say('again', (await store.get(content.id)).bytes.byteLength === halfBody.byteLength)
await store.close()
