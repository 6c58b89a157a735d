/**
 * Reads from a disk that becomes slow, and then fast again: `node reads-slow-disk.ts <root>`. Prints how many calls the
 * main thread waited for.
 */
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SlowDisk, say } from '@lash/attachments-testing/child'
import { meta } from './bodies.ts'

const [root = ''] = process.argv.slice(2)
const bodies = [10, 70_000, 300_000].map(length => new Uint8Array(length).fill(length % 251))
const store = new FileAttachmentStore(root, { durability: 'relaxed' })
for (const body of bodies) await store.put(body, meta)
const disk = new SlowDisk()

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

const counted = async (reading: Promise<unknown>) => {
  disk.callsInPlace = 0
  await reading
  return disk.callsInPlace
}

say('fast', (await counted(read(2))) > 0)
disk.delayMs = 20
say('until it is noticed', (await counted(read(1))) <= 6)
// Fewer than so many that one looks how fast the disk is by now.
say('noticed', await counted(Promise.all(Array.from({ length: 32 }, () => read(1)))))
disk.delayMs = 0
let looked = false
// Once is enough, but for a pause of this process while it looks.
for (let tries = 0; tries < 20 && !looked; tries++) {
  await read(50)
  looked = (await counted(read(2))) > 0
}
say('fast again', looked)
say('descriptors', (await Promise.all(Array.from({ length: 1000 }, () => read(1)))).length)
await store.close()
