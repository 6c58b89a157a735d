/** What is recorded: `node writer.ts <root> <scenario>`. Prints where it is. */
import { writeSync } from 'node:fs'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '../../src/index.ts'
import { body, meta, type Scenario, streamedBody } from './scenarios.ts'

const [root = '', scenario = ''] = process.argv.slice(2)
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
  // Another writer has given everything its name and synced nothing.
  async 'found, not synced'() {
    const other = new FileAttachmentStore(root, { durability: 'relaxed' })
    await other.put(body, meta)
    mark('other')
    await store.put(body, meta)
    mark('put')
    await other.close()
  },
  async 'many at once'() {
    await Promise.all([store.put(body, meta), store.put(body, meta), store.put(new Uint8Array([1, 2, 3]), meta)])
    mark('put')
  },
}

await scenarios[scenario as Scenario]()
await store.close()
