import type { AttachmentStore } from '@lash/attachments-core'

/** How many bytes of content a store was asked for, and given. */
export interface Traffic {
  read: number
  put: number
}

/** The same store, and what goes through it. */
export function counted(store: AttachmentStore): { store: AttachmentStore; traffic: Traffic } {
  const traffic = { read: 0, put: 0 }
  const counting: Partial<AttachmentStore> = {
    async get(...given) {
      const found = await store.get(...given)
      traffic.read += found.bytes.byteLength
      return found
    },
    async stream(...given) {
      const found = await store.stream(...given)
      traffic.read += found.meta.byteLength
      return found
    },
    async put(...given) {
      const ref = await store.put(...given)
      traffic.put += ref.byteLength
      return ref
    },
  }
  const handler: ProxyHandler<AttachmentStore> = {
    get(target, name) {
      const value = Reflect.get(name in counting ? counting : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }
  return { store: new Proxy(store, handler), traffic }
}
