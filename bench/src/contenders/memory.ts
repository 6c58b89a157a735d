import { hash } from 'node:crypto'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import Keyv from 'keyv'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { byKeyv, byUnstorage } from './by-digest.ts'
import type { Contender } from './contender.ts'
import { ours } from './ours.ts'

const common = { durability: 'none', atomic: true } as const

export const contenders: readonly Contender[] = [
  {
    ...common,
    name: 'attachments-memory',
    role: 'ours',
    // Nobody can reach the bytes, so no digest is taken: what to compare with is a floor that takes none.
    verifies: false,
    open: async () => ours(new InMemoryAttachmentStore()),
  },
  {
    ...common,
    name: 'unstorage memory',
    role: 'peer',
    open: async () => byUnstorage(createStorage({ driver: memoryDriver() })),
  },
  {
    ...common,
    name: 'keyv memory',
    role: 'peer',
    open: async () => byKeyv(new Keyv()),
  },
  {
    ...common,
    name: 'hash, copy, Map',
    role: 'floor',
    async open() {
      // Arrays with memory of their own, as ours are: a small `Buffer.from` shares the memory of Node's pool with
      // others, which whoever gets it can read and change.
      const map = new Map<string, Uint8Array>()
      return {
        async put(bytes) {
          const key = hash('sha256', bytes)
          if (!map.has(key)) map.set(key, new Uint8Array(bytes))
          return key
        },
        get: async key => new Uint8Array(map.get(key) as Uint8Array),
        close: async () => {},
      }
    },
  },
]
