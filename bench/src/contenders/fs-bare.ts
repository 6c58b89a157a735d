import { hash } from 'node:crypto'
import { closeSync, constants, fsync, mkdirSync, openSync, renameSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Contender } from './contender.ts'

const synced = promisify(fsync)
const written = promisify(write)

/**
 * The calls that a put of ours cannot do without, in the order that its promises need, and nothing else: two files in a
 * shard, with no look at what is there, no fence against removals, no retry and no error that says what to do. What
 * ours is short of these is its own cost; what these are short of the floor is the cost of metadata in a file of its
 * own.
 */
export const bareContenders: readonly Contender[] = [
  bare('two files, named in order', 'process', async (staged, path, sidecar, bytes) => {
    closeSync(await create(staged, bytes))
    closeSync(await create(`${path}.json`, sidecar))
    renameSync(staged, path)
  }),
  bare('two files, synced and named in order', 'power cut', async (staged, path, sidecar, bytes, shard) => {
    const files = [await create(staged, bytes), await create(`${path}.json`, sidecar)]
    await Promise.all(files.map(file => synced(file)))
    for (const file of files) closeSync(file)
    await syncFolder(shard)
    renameSync(staged, path)
    await syncFolder(shard)
  }),
]

function bare(
  name: string,
  durability: Contender['durability'],
  put: (staged: string, path: string, sidecar: Buffer, bytes: Buffer, shard: string) => Promise<void>,
): Contender {
  return {
    name,
    role: 'bare',
    operations: ['put'],
    durability,
    atomic: true,
    async open({ folder }) {
      const staging = join(folder, 'tmp')
      mkdirSync(staging)
      for (let shard = 0; shard < 256; shard++) mkdirSync(join(folder, shard.toString(16).padStart(2, '0')))
      let counter = 0
      return {
        async put(bytes) {
          const id = hash('sha256', bytes)
          const shard = `${folder}/${id.slice(0, 2)}`
          const sidecar = { id, media_type: 'application/octet-stream', byte_len: bytes.byteLength }
          await put(`${staging}/${counter++}`, `${shard}/${id}`, Buffer.from(JSON.stringify(sidecar)), bytes, shard)
          return id
        },
        close: async () => {},
      }
    },
  }
}

/** On the calling thread where that is faster, as for a small file. */
async function create(path: string, bytes: Buffer): Promise<number> {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
  if (bytes.byteLength <= 128 * 1024) writeSync(file, bytes)
  else await written(file, bytes)
  return file
}

async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r')
  await synced(folder)
  closeSync(folder)
}
