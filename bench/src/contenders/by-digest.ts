import { hash } from 'node:crypto'
import type { OpenContender } from '../contender.ts'

export interface KeyedStorage {
  set(key: string, bytes: Buffer): Promise<unknown>
  get(key: string): Promise<Uint8Array>
  close(): Promise<void>
}

/** A storage that is told its keys, given the same names as ours: the digests of the bytes, after a prefix. */
export function byDigest({ set, get, close }: KeyedStorage, prefix = ''): OpenContender {
  return {
    async put(bytes) {
      const key = `${prefix}${hash('sha256', bytes)}`
      await set(key, bytes)
      return key
    },
    get,
    close,
  }
}
