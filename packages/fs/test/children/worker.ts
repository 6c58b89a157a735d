/** Another process on the same root: `node worker.ts <task> <root> [<durability or user id>]`. */
import { writeSync } from 'node:fs'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { contended, halfBody, meta, staged } from './bodies.ts'

const [task = '', root = '', option] = process.argv.slice(2)
const isRelaxed = option === 'relaxed'
if (task === 'denied') process.setuid?.(Number(option))
const print = (line: string): void => void writeSync(1, `${line}\n`)

const tasks: Record<string, (store: FileAttachmentStore) => Promise<void>> = {
  /** Puts and deletes the same few bodies again and again, and fails on any that is neither whole nor absent. */
  async churn(store) {
    let chance = process.pid
    for (let turn = 0; turn < (isRelaxed ? 600 : 200); turn++) {
      chance = (chance * 1_103_515_245 + 12_345) % 2 ** 31
      const bytes = contended[(chance >> 8) % contended.length] as Uint8Array
      const id = contentId(bytes)
      if ((chance >> 16) % 2 === 0) await store.delete(id, { generation: 0 })
      else await store.put(bytes, meta)
      await readWholeOrAbsent(store, id)
    }
  },
  /** Puts what other processes put at the same time. */
  async same(store) {
    const refs = await Promise.all(staged.map(bytes => store.put(new Blob([bytes]).stream(), meta)))
    print(refs.map(ref => ref.id).join(' '))
  },
  /** Spools the first half of a body, says so, and waits to be killed. */
  async stall(store) {
    let pulls = 0
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls++
          if (pulls === 1) return controller.enqueue(halfBody)
          // The store asks for more, so it has written the first half.
          print('stalled')
          return new Promise(() => {})
        },
      },
      { highWaterMark: 0 },
    )
    setInterval(() => {}, 60_000)
    await store.put(source, meta)
  },
  /** Prints the error of each call. */
  async denied(store) {
    const bytes = new Uint8Array([1, 2, 3])
    const id = contentId(bytes)
    const list = async (): Promise<void> => {
      for await (const _blob of store.list());
    }
    const calls = [
      () => store.get(id),
      () => store.stat(id),
      list,
      () => store.put(bytes, meta),
      () => store.delete(id),
    ]
    for (const call of calls) print(await outcomeOf(call))
  },
  /** Puts the same body twice, and prints both outcomes. */
  async two(store) {
    print(await outcomeOf(() => store.put(new Uint8Array([1]), meta)))
    print(await outcomeOf(() => store.put(new Uint8Array([1]), meta)))
  },
}

const store = new FileAttachmentStore(root, { durability: isRelaxed ? 'relaxed' : 'full' })
await tasks[task]?.(store)
await store.close()

async function readWholeOrAbsent(store: FileAttachmentStore, id: string): Promise<void> {
  try {
    await store.get(id)
  } catch (error) {
    if (!AttachmentStoreError.isInstance(error) || error.code !== 'not_found') throw error
  }
}

async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'fine'
  } catch (error) {
    return AttachmentStoreError.isInstance(error) ? `${error.code}: ${error.message}` : String(error)
  }
}
