/**
 * Uses a disk that seems slow by a great many calls at once: `node many-at-once.ts <root> <durability>`, under a low
 * limit of open files. Prints how the calls of each kind ended, and then those that were aborted while all others hung.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate } from 'node:timers/promises'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { say } from '@lash/attachments-testing/child'
import { meta } from './bodies.ts'
import { seemSlow } from './seeming-disk.ts'

const [root = '', durability = ''] = process.argv.slice(2)
const bodies = [10, 200_000].map(length => new Uint8Array(length).fill(7))
const [small = '', big = ''] = bodies.map(contentId)
const store = new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
for (const body of bodies) await store.put(body, meta)
const others = Array.from({ length: 500 }, (_, number) => new Uint8Array(new Uint32Array([number]).buffer))
say('fast disk', [...new Set(await Promise.all(others.map(() => store.get(big).then(() => true, String))))])
seemSlow()

const tasks: Record<string, (other: Uint8Array) => Promise<boolean>> = {
  'small gets': async () => (await store.get(small)).bytes.byteLength === 10,
  'big gets': async () => (await store.get(big)).bytes.byteLength === 200_000,
  ranges: async () => {
    const { body } = await store.stream(big, { start: 5, end: 50 })
    let length = 0
    for await (const chunk of body) length += chunk.byteLength
    return length === 45
  },
  stats: async () => (await store.stat(small))?.byteLength === 10,
  puts: async other => (await store.put(other, meta)).id === contentId(other),
  deletes: async other => {
    const id = contentId(other)
    await store.delete(id)
    return (await store.stat(id)) === undefined
  },
}
for (const [title, task] of Object.entries(tasks)) {
  const outcomes = await Promise.all(others.map(other => task(other).catch(String)))
  say(title, [...new Set(outcomes)])
}

// From now on, calls in the pool wait until they are released.
const held: (() => void)[] = []
for (const name of ['open', 'stat'] as const) {
  const call = fs[name] as (...args: unknown[]) => void
  Object.assign(fs, { [name]: (...args: unknown[]) => void held.push(() => call(...args)) })
}
syncBuiltinESMExports()
const hanging: Promise<unknown>[] = []
while (held.length < 64) {
  hanging.push(store.get(small))
  await setImmediate()
}
const reason = new Error('aborted')
const abortable: Record<string, (signal: AbortSignal, other: Uint8Array) => Promise<unknown>> = {
  get: signal => store.get(small, { signal }),
  stat: signal => store.stat(small, { signal }),
  put: (signal, other) => store.put(other, meta, { signal }),
  delete: signal => store.delete(small, { generation: 0, signal }),
}
for (const [title, call] of Object.entries(abortable)) {
  const controllers = [new AbortController(), new AbortController()]
  const calls = controllers.map(({ signal }, index) => call(signal, others[index] as Uint8Array))
  await setImmediate()
  for (const controller of controllers) controller.abort(reason)
  // One of them may have begun in place, to see whether the disk is still slow.
  say(title, await Promise.any(calls.map(endOf)))
  hanging.push(Promise.allSettled(calls))
}

async function endOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => 'done',
    error => error,
  )
  if (error !== reason) throw error
  return 'aborted'
}

let isClosed = false
const closed = store.close().then(() => {
  isClosed = true
})
while (!isClosed) {
  for (const call of held.splice(0)) call()
  await setImmediate()
}
await Promise.all([closed, ...hanging])
say('closed')
