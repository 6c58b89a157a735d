import type { AttachmentStore } from '@lash/attachments-core'
import type { OpenContender } from './contender.ts'

const meta = { mediaType: 'application/octet-stream' }

/** A store of this project as a contender. */
export function ours(store: AttachmentStore): OpenContender {
  return {
    put: async bytes => (await store.put(bytes, meta)).id,
    get: async id => (await store.get(id)).bytes,
    getUnverified: async id => (await store.get(id, { verify: false })).bytes,
    putStream: async body => (await store.put(body, meta)).id,
    getStream: async id => (await store.stream(id)).body,
    close: () => store.close(),
  }
}
