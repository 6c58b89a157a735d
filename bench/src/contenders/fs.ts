import { createHash, hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FileAttachmentStore } from '@lash/attachments-fs'
import cacache from 'cacache'
import { Disk } from 'flydrive'
import { FSDriver } from 'flydrive/drivers/fs'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import writeFileAtomic from 'write-file-atomic'
import { byDigest, byFlydrive, byUnstorage } from './by-digest.ts'
import type { Contender } from './contender.ts'
import { bareContenders } from './fs-bare.ts'
import { ours } from './ours.ts'

export const contenders: readonly Contender[] = [
  {
    name: 'attachments-fs',
    role: 'ours',
    verifies: true,
    durability: 'power cut',
    atomic: true,
    open: async ({ folder }) => ours(new FileAttachmentStore(folder)),
  },
  {
    name: 'attachments-fs relaxed',
    role: 'ours',
    verifies: true,
    operations: ['put', 'put again', 'stream in'],
    durability: 'process',
    atomic: true,
    open: async ({ folder }) => ours(new FileAttachmentStore(folder, { durability: 'relaxed' })),
  },
  {
    name: 'cacache',
    role: 'peer',
    verifies: true,
    durability: 'process',
    atomic: true,
    async open({ folder }) {
      return {
        ...byDigest({
          set: (key, bytes) => cacache.put(folder, key, bytes, { algorithms: ['sha256'] }),
          get: async key => (await cacache.get(folder, key)).data,
        }),
        async putStream(body) {
          await pipeline(Readable.from(body), cacache.put.stream(folder, 'stream', { algorithms: ['sha256'] }))
          return 'stream'
        },
        getStream: async key => cacache.get.stream(folder, key),
      }
    },
  },
  {
    name: 'unstorage fs',
    role: 'peer',
    durability: 'process',
    atomic: false,
    open: async ({ folder }) => byUnstorage(createStorage({ driver: fsDriver({ base: folder }) })),
  },
  {
    name: 'flydrive fs',
    role: 'peer',
    durability: 'process',
    atomic: false,
    async open({ folder }) {
      const disk = new Disk(new FSDriver({ location: folder, visibility: 'private' }))
      return {
        ...byFlydrive(disk),
        async putStream(body) {
          await disk.putStream('stream', Readable.from(body))
          return 'stream'
        },
        getStream: key => disk.getStream(key),
      }
    },
  },
  {
    name: 'write-file-atomic',
    role: 'peer',
    durability: 'file',
    atomic: true,
    async open({ folder }) {
      return byDigest({
        set: (key, bytes) => writeFileAtomic(join(folder, key), bytes),
        get: key => readFile(join(folder, key)),
      })
    },
  },
  {
    name: 'opendal fs',
    role: 'peer',
    durability: 'file',
    atomic: false,
    async open({ folder }) {
      // Its native binding does not load everywhere; where it does not, this contender alone is left out.
      const { Operator } = await import('opendal')
      const operator = new Operator('fs', { root: folder })
      return byDigest({ set: (key, bytes) => operator.write(key, bytes), get: key => operator.read(key) })
    },
  },
  floor('hash, write, rename', 'process'),
  floor('hash, write, fsync, rename, fsync folder', 'power cut'),
  ...bareContenders,
]

function floor(name: string, durability: 'process' | 'power cut'): Contender {
  return {
    name,
    role: 'floor',
    durability,
    atomic: true,
    async open({ folder }) {
      const staging = join(folder, 'tmp')
      await mkdir(staging)
      let counter = 0
      const sync = durability === 'power cut'
      const publish = async (temporary: string, key: string) => {
        await rename(temporary, join(folder, key))
        if (!sync) return key
        const parent = await open(folder)
        await parent.sync()
        await parent.close()
        return key
      }
      return {
        async put(bytes) {
          const key = hash('sha256', bytes)
          const temporary = join(staging, String(counter++))
          if (sync) await writeSynced(temporary, bytes)
          else await writeFile(temporary, bytes)
          return publish(temporary, key)
        },
        get: key => readFile(join(folder, key)),
        async putStream(body) {
          const temporary = join(staging, String(counter++))
          const digest = createHash('sha256')
          const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
            for await (const chunk of chunks) {
              digest.update(chunk)
              yield Buffer.from(chunk)
            }
          }
          await pipeline(body, hashed, createWriteStream(temporary, { flush: sync }))
          return publish(temporary, digest.digest('hex'))
        },
        getStream: async key => createReadStream(join(folder, key), { highWaterMark: 256 * 1024 }),
        close: async () => {},
      }
    },
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  await file.writeFile(bytes)
  await file.sync()
  await file.close()
}
