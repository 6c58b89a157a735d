import { hash } from 'node:crypto'
import type { Disk } from 'flydrive'
import type { Keyv } from 'keyv'
import type { Storage } from 'unstorage'
import type { OpenContender } from './contender.ts'

export interface KeyedStorage {
  set(key: string, bytes: Buffer): Promise<unknown>
  get(key: string): Promise<Uint8Array>
  close?(): Promise<void>
}

/** A storage that is told its keys, given the same names as ours: the digests of the bytes, after a prefix. */
export function byDigest({ set, get, close = async () => {} }: KeyedStorage, prefix = ''): OpenContender {
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

export function byUnstorage(storage: Storage, prefix?: string): OpenContender {
  const get = async (key: string) => {
    const bytes: Uint8Array | ArrayBuffer | null = await storage.getItemRaw(key)
    return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : (bytes as Uint8Array)
  }
  return byDigest({ set: (key, bytes) => storage.setItemRaw(key, bytes), get, close: () => storage.dispose() }, prefix)
}

export function byKeyv(storage: Keyv, close?: () => Promise<void>): OpenContender {
  const get = async (key: string) => (await storage.get(key)) as Uint8Array
  return byDigest({ set: (key, bytes) => storage.set(key, bytes), get, ...(close && { close }) })
}

export function byFlydrive(disk: Disk, prefix?: string, close?: () => Promise<void>): OpenContender {
  const set = (key: string, bytes: Buffer) => disk.put(key, bytes)
  return byDigest({ set, get: key => disk.getBytes(key), ...(close && { close }) }, prefix)
}

/** Does something more when the contender has closed. */
export function thenClose(contender: OpenContender, more: () => Promise<void>): OpenContender {
  return { ...contender, close: () => contender.close().then(more) }
}
