import { testStore } from '@lash/attachments-conformance/node-test'
import {
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentMeta,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { parsePhysicalName, physicalName } from '@lash/attachments-core/backend'

/** A backend that keeps everything in a Map. */
class MapDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'map'
  readonly persistence = 'ephemeral'
  readonly #blobs = new Map<string, { bytes: Uint8Array; meta: AttachmentMeta }>()

  async write(key: AttachmentKey, content: AttachmentContent, meta: AttachmentMeta) {
    const bytes = new Uint8Array(await new Response(content.stream()).arrayBuffer())
    if (!this.#blobs.has(physicalName(key))) this.#blobs.set(physicalName(key), { bytes, meta })
  }

  async read(key: AttachmentKey, { start, end }: AttachmentDriverReadOptions) {
    const blob = this.#blobs.get(physicalName(key))
    return blob && { meta: { ...blob.meta }, body: blob.bytes.slice(start, end) }
  }

  async stat(key: AttachmentKey) {
    const blob = this.#blobs.get(physicalName(key))
    return blob && { ...blob.meta }
  }

  async remove(keys: readonly AttachmentKey[]) {
    for (const key of keys) this.#blobs.delete(physicalName(key))
  }

  async *list({ prefix }: { prefix: string }) {
    for (const [name, { bytes }] of [...this.#blobs]) {
      const key = parsePhysicalName(name)
      if (key?.id.startsWith(prefix)) yield { ...key, byteLength: bytes.byteLength }
    }
  }

  async close() {}
}

testStore({
  kind: 'store',
  name: 'map',
  capabilities: ['generations', 'metadata-of-first-put', 'plain', 'size-limit'],
  async create(options) {
    const store = new PortableAttachmentStore(new MapDriver(), options)
    return { store, dispose: () => store.close() }
  },
  async cleanup() {},
})
