/**
 * Runs each task again and again; each time the next of its file system calls fails: `node fails-at-calls.ts <folder>
 * <durability>`. Prints for each run its outcome, that of the same task afterwards, and what is left in `tmp` when the
 * store is closed.
 */
import fs, { mkdirSync, readdirSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { halfBody, meta } from './bodies.ts'

const [folder = '', durability = ''] = process.argv.slice(2)
const small = new Uint8Array([1, 2, 3])
const print = writeSync
let left = 0
let failed = ''

const failing = [
  'openSync',
  'closeSync',
  'writeSync',
  'readSync',
  'fstatSync',
  'statSync',
  'mkdirSync',
  'rmdirSync',
  'readdirSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'writeFileSync',
  'readFileSync',
  'write',
] as const
for (const name of failing) {
  const original = fs[name] as (...args: unknown[]) => unknown
  Object.assign(fs, {
    [name](...args: unknown[]) {
      left--
      if (left !== 0) return original(...args)
      failed = name
      const error = Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO' })
      const callback = args.at(-1)
      if (typeof callback === 'function') return callback(error)
      // The system closes it all the same.
      if (name === 'closeSync') original(...args)
      throw error
    },
  })
}
syncBuiltinESMExports()
// A disk that seemed slow for a moment would get calls in the pool, which are not watched here.
performance.now = () => 0

type Task = (store: FileAttachmentStore) => Promise<unknown>
const putSmall: Task = store => store.put(small, meta)
const putSpooled: Task = store => store.put(new Blob([halfBody]).stream(), meta)
const tasks: Record<string, { before: Task[]; task: Task }> = {
  put: { before: [], task: putSmall },
  'put a spooled body': { before: [], task: putSpooled },
  'put again': { before: [putSmall], task: putSmall },
  get: { before: [putSmall], task: store => store.get(contentId(small)) },
  stat: { before: [putSmall], task: store => store.stat(contentId(small)) },
  'get a range': { before: [putSpooled], task: async store => drain((await rangeOf(store)).body) },
  list: { before: [putSmall], task: store => drain(store.list()) },
  delete: { before: [putSmall], task: store => store.delete(contentId(small)) },
  'delete two': {
    before: [putSmall, putSpooled],
    task: store => Promise.all([small, halfBody].map(bytes => store.delete(contentId(bytes), { generation: 0 }))),
  },
}

const rangeOf = (store: FileAttachmentStore) => store.stream(contentId(halfBody), { start: 1, end: 9 })

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items);
}

// Node loads some modules when they are first needed: that must not fail.
const warm = new FileAttachmentStore(join(folder, 'warm'))
await putSpooled(warm)
await warm.close()

let count = 0
for (const [title, { before, task }] of Object.entries(tasks)) {
  for (let call = 1; ; call++) {
    count++
    const root = join(folder, String(count))
    mkdirSync(root)
    const store = new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
    for (const step of before) await step(store)
    left = call
    failed = ''
    const first = await outcomeOf(store, task)
    const called = left <= 0
    left = 0
    const second = await outcomeOf(store, task)
    await store.close()
    if (!called) break
    print(1, `${JSON.stringify([title, failed, first, second, readdirSync(join(root, 'tmp'))])}\n`)
  }
}

async function outcomeOf(store: FileAttachmentStore, task: Task): Promise<string> {
  try {
    await task(store)
    return 'fine'
  } catch (error) {
    return AttachmentStoreError.isInstance(error) ? error.code : String(error)
  }
}
