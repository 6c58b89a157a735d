/** The process that is recorded: `node writer.ts <root> <scenario>`. Prints a mark after each step. */
import { mkdirSync, readdirSync, unlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { failFolderSync, refuseLists } from '../children/file-system-calls.ts'
import { body, meta, type Scenario, streamedBody } from './scenarios.ts'

const [root = '', scenario = '', number] = process.argv.slice(2)
const mark = (text: string): void => void writeSync(1, `${text}\n`)
const store = new FileAttachmentStore(root)

const scenarios: Record<Scenario, () => Promise<unknown>> = {
  async first() {
    await store.put(body, meta)
    mark('put')
  },
  async streamed() {
    await store.put(new Blob([streamedBody]).stream(), meta)
    mark('put')
  },
  async 'put again after a delete'() {
    await store.put(body, meta)
    mark('put')
    mark('deleting')
    await store.delete(contentId(body))
    mark('deleted')
    await store.put(body, meta)
    mark('put')
  },
  // Another writer has named everything, and synced nothing.
  async 'found, not synced'() {
    const other = new FileAttachmentStore(root, { durability: 'relaxed' })
    await other.put(body, meta)
    mark('other')
    await store.put(body, meta)
    mark('put')
    await other.close()
  },
  // A removal has deleted the bytes, synced nothing, and died. The next store sweeps.
  async 'swept after a killed removal'() {
    await store.put(body, meta)
    mark('put')
    mark('deleting')
    const id = contentId(body)
    const [own = ''] = readdirSync(join(root, 'tmp'))
    const dead = join(root, 'tmp', 'removing', `${own.replace(/^[0-9]+/, '4194399')}-1`)
    mkdirSync(dead, { recursive: true })
    writeFileSync(`${dead}.names`, `\n${id}\n`)
    unlinkSync(join(root, 'sha256', id.slice(0, 2), id))
    const next = new FileAttachmentStore(root)
    await next.put(new Uint8Array([1, 2, 3]), meta)
    await next.close()
    mark('swept')
  },
  async 'removed without room'() {
    const other = new Uint8Array([1, 2, 3])
    await store.put(body, meta)
    await store.put(other, meta)
    mark('put')
    refuseLists()
    mark('deleting')
    await Promise.all([body, other].map(bytes => store.delete(contentId(bytes), { generation: 0 })))
    mark('deleted')
    await store.put(body, meta)
    mark('put')
  },
  // The mark tells which folder's sync failed, and whether the blob was there afterwards.
  async 'put again after a sync has failed'() {
    const failed = failFolderSync(Number(number))
    const refused = await store.put(body, meta).then(
      () => false,
      () => true,
    )
    const isThere = (await store.stat(contentId(body))) !== undefined
    mark(`${refused ? 'refused' : 'resolved'} ${isThere ? 'there' : 'absent'} ${failed() ?? 'nothing'}`)
    await store.put(body, meta).then(
      () => mark('put'),
      () => mark('refused again'),
    )
  },
  async 'many at once'() {
    await Promise.all([store.put(body, meta), store.put(body, meta), store.put(new Uint8Array([1, 2, 3]), meta)])
    mark('put')
  },
}

await scenarios[scenario as Scenario]()
await store.close()
