/**
 * Runs each task again and again; each time the next of its file system calls fails: `node fails-at-calls.ts <folder>
 * <durability> <disk>`, where the disk seems fast or slow. Prints for each run its outcome, that of the same task
 * afterwards, the root, and when the store is closed what is left in `tmp`, and how many files are open still.
 */
import fs, { fstatSync, mkdirSync, readdirSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { bigBody, halfBody, meta } from './bodies.ts'
import { seemFast, seemSlow } from './seeming-disk.ts'

const [folder = '', durability = '', disk = ''] = process.argv.slice(2)
const small = new Uint8Array([1, 2, 3])
const print = writeSync
const openFiles = () => (process.platform === 'linux' ? list('/proc/self/fd').length : 0)
const list = readdirSync
const stat = fstatSync
const ioErrorIn = (name: string) => Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO' })
let left = 0
let failed = ''

const failing = [
  'open',
  'close',
  'write',
  'read',
  'fstat',
  'fchmod',
  'stat',
  'mkdir',
  'rmdir',
  'readdir',
  'rename',
  'link',
  'unlink',
  'writeFile',
  'readFile',
  'fsync',
] as const
for (const name of failing.flatMap(name => [name, `${name}Sync`] as const)) {
  const original = fs[name] as (...args: unknown[]) => unknown
  Object.assign(fs, {
    [name](...args: unknown[]) {
      // A folder that could not be synced is not trusted any more.
      if (name === 'fsync' && stat(args[0] as number).isDirectory()) return original(...args)
      left--
      if (left !== 0) return original(...args)
      failed = name
      const error = ioErrorIn(name)
      const callback = args.at(-1)
      // The system closes it all the same.
      if (name === 'close') return original(args[0], () => (callback as (error: Error) => void)(error))
      if (typeof callback === 'function') return process.nextTick(callback, error)
      if (name === 'closeSync') original(...args)
      throw error
    },
  })
}
// What `open` of `fs/promises` gives.
const handle = await fs.promises.open(folder)
const ofHandles = Object.getPrototypeOf(handle)
await handle.close()
for (const name of ['stat', 'read', 'appendFile']) {
  const original = ofHandles[name]
  ofHandles[name] = function call(...args: unknown[]) {
    left--
    if (left !== 0) return original.apply(this, args)
    failed = `FileHandle.${name}`
    return Promise.reject(ioErrorIn(name))
  }
}
syncBuiltinESMExports()
if (disk === 'slow') seemSlow()
else seemFast()

type Task = (store: FileAttachmentStore) => Promise<unknown>
const putSmall: Task = store => store.put(small, meta)
const putSpooled: Task = store => store.put(new Blob([halfBody]).stream(), meta)
const putBig: Task = store => store.put(bigBody, meta)
const putByAnother: Task = async ({ root }) => {
  const other = newStore(root)
  await other.put(small, meta)
  await other.close()
}
const tasks: Record<string, { before: Task[]; task: Task }> = {
  put: { before: [], task: putSmall },
  'put a spooled body': { before: [], task: putSpooled },
  'put again': { before: [putSmall], task: putSmall },
  'put what another has put': { before: [putByAnother], task: putSmall },
  get: { before: [putSmall], task: store => store.get(contentId(small)) },
  'get something big': { before: [putSpooled], task: store => store.get(contentId(halfBody)) },
  stat: { before: [putSmall], task: store => store.stat(contentId(small)) },
  'get a range': { before: [putSpooled], task: async store => drain((await rangeOf(store)).body) },
  stream: { before: [putBig], task: async store => drain((await store.stream(contentId(bigBody))).body) },
  list: { before: [putSmall], task: store => drain(store.list()) },
  delete: { before: [putSmall], task: store => store.delete(contentId(small)) },
  'delete two': {
    before: [putSmall, putSpooled],
    task: store => Promise.all([small, halfBody].map(bytes => store.delete(contentId(bytes), { generation: 0 }))),
  },
}

const newStore = (root: string) => new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
const rangeOf = (store: FileAttachmentStore) => store.stream(contentId(halfBody), { start: 1, end: 9 })

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of items);
}

// Node loads some modules when they are first needed: that must not fail.
const warm = new FileAttachmentStore(join(folder, 'warm'))
await putSpooled(warm)
await warm.close()

const open = openFiles()
let count = 0
for (const [title, { before, task }] of Object.entries(tasks)) {
  for (let call = 1; ; call++) {
    count++
    const root = join(folder, String(count))
    mkdirSync(root)
    const store = newStore(root)
    for (const step of before) await step(store)
    // Thus a disk is seen to be slow, if it is.
    await store.stat(contentId(small))
    left = call
    failed = ''
    const first = await outcomeOf(store, task)
    const called = left <= 0
    left = 0
    const second = await outcomeOf(store, task)
    await store.close()
    if (!called) break
    const tmp = list(join(root, 'tmp'))
    print(1, `${JSON.stringify({ task: title, failed, first, second, root, tmp, open: openFiles() - open })}\n`)
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
