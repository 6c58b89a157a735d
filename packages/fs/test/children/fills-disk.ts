/**
 * Puts until its small disk is full, then deletes through another store, and puts again: `node fills-disk.ts <disk>
 * <task>`. Prints the outcome of each step. A task deletes `one`, `each` of ten in turn, or `many` in one tick, as
 * sweeps do.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { fillUp, say } from '@lash/attachments-testing/child'
import { meta } from './bodies.ts'

const [disk = '', task = ''] = process.argv.slice(2)
const root = join(disk, 'root')
const bodyOf = (seed: number): Uint8Array => new Uint8Array(3000).fill(seed)

const outcomeOf = async (call: () => Promise<unknown>): Promise<string> => {
  try {
    await call()
    return 'fine'
  } catch (error) {
    return AttachmentStoreError.isInstance(error) ? error.message.replaceAll(root, '') : String(error)
  }
}

const writer = new FileAttachmentStore(root)
const ids: string[] = []
let refused = 'fine'
for (let seed = 0; refused === 'fine' && seed < 20; seed++) {
  refused = await outcomeOf(() => writer.put(bodyOf(seed), meta))
  if (refused === 'fine') ids.push(contentId(bodyOf(seed)))
}
fillUp(disk)
say('refused', (await outcomeOf(() => writer.put(bodyOf(99), meta))).includes('ENOSPC'))

const remover = new FileAttachmentStore(root)
const wanted = task === 'one' ? ids.slice(0, 1) : ids.slice(0, 10)
const remove = (id: string): Promise<string> => outcomeOf(() => remover.delete(id, { generation: 0 }))
const outcomes: string[] = []
if (task === 'many') outcomes.push(...(await Promise.all(wanted.map(remove))))
else for (const id of wanted) outcomes.push(await remove(id))
say('removed', ...new Set(outcomes))
say('again', await outcomeOf(() => writer.put(bodyOf(0), meta)))
await writer.close()
await remover.close()
const left = (readdirSync(join(root, 'sha256'), { recursive: true }) as string[]).filter(name => name.length > 2)
const blobs = [...new Set(left.map(name => name.replace(/^.*[/\\]/, '').replace(/\.json$/, '')))]
say('files', left.length - 2 * (ids.length - wanted.length + 1), blobs.length - (ids.length - wanted.length + 1))
say('tmp', ...(readdirSync(join(root, 'tmp'), { recursive: true }) as string[]))
