/**
 * Uses a disk that becomes slow, and then fast again: `node slow-disk.ts <root> <durability>`. Prints where
 * the calls were made.
 */
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { say } from '@lash/attachments-testing/child'
import { meta } from './bodies.ts'
import { SeemingDisk } from './seeming-disk.ts'

const [root = '', durability = ''] = process.argv.slice(2)
const bodies = [10, 70_000, 300_000].map(length => new Uint8Array(length).fill(length % 251))
const store = new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
for (const body of bodies) await store.put(body, meta)
const disk = new SeemingDisk()

async function read(times: number): Promise<void> {
  for (let left = times; left > 0; left--) {
    for (const body of bodies) {
      const id = contentId(body)
      const { bytes } = await store.get(id)
      if (contentId(bytes) !== id || (await store.stat(id))?.byteLength !== body.byteLength)
        throw new Error('wrong bytes')
    }
  }
}

/** Puts a body twice, as a whole or as a stream, and removes it again. */
async function write(number: number): Promise<void> {
  const body = new Uint8Array(number % 8 === 0 ? 1_200_000 : 100).fill(7)
  new DataView(body.buffer).setUint32(0, number)
  const id = contentId(body)
  await store.put(number % 8 === 0 ? new Blob([body]).stream() : body, meta)
  await store.put(body, meta)
  const { bytes } = await store.get(id)
  if (contentId(bytes) !== id) throw new Error('wrong bytes')
  await store.delete(id)
  if ((await store.stat(id)) !== undefined) throw new Error('not deleted')
}

const counted = async (using: Promise<unknown>) => {
  disk.callsInPlace = 0
  disk.callsInPool = 0
  await using
  return disk.callsInPlace
}

/** Whether hardly any calls were in place: once in a while one looks how fast the disk is by now. */
const leaves = async (using: Promise<unknown>) => (await counted(using)) * 20 < disk.callsInPool

/** Whether calls are in place once one has looked how fast the disk is by now. */
async function stays(): Promise<boolean> {
  await read(100)
  return (await counted(read(2))) > disk.callsInPool
}

say('fast', await stays())
disk.callMs = 20
say('until it is noticed', (await counted(read(1))) <= 6)
say('reads', await leaves(Promise.all(Array.from({ length: 32 }, () => read(1)))))
say('writes', await leaves(Promise.all([...Array(32).keys()].map(write))))
say('one write', await leaves(write(33)))
disk.callMs = 0
say('fast again', await stays())
say('descriptors', (await Promise.all(Array.from({ length: 1000 }, () => read(1)))).length)
await store.close()
