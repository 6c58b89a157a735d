/*
 * Dear colleague,
 *
 * your company keeps its data in something that this project does not know. If it can get, set, delete and list, it
 * can hold attachments: you write a driver, and the portable store does the rest. Here is one for a key-value store.
 *
 *     npx -y pnpm@12 exec node examples/your-own-backend.ts
 *
 * runs the conformance kit, which tells you whether the driver keeps the contract. The contract is in the comments of
 * `AttachmentDriver`, in packages/core/src/store/driver.ts.
 */
import { runConformance, type StoreHarness } from '@lash/attachments-conformance'
import {
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { checkMeta, parsePhysicalName, physicalName, storedMeta } from '@lash/attachments-core/backend'

/** Put the client of your key-value store here. */
class KeyValues extends Map<string, Uint8Array> {}

/** Each copy is one value, so that nobody sees half of it: the metadata as a line of JSON, and then the bytes. */
class KeyValueDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'key-value'
  // `durable` only when a value that was set survives a power cut.
  readonly persistence = 'ephemeral'
  readonly #values: KeyValues

  constructor(values: KeyValues) {
    this.#values = values
  }

  // Ids, generations and metadata are checked, and the id is the SHA-256 of the content. What is there and whole stays
  // as it is, with the metadata of its first put; what is damaged is replaced.
  async write(key: AttachmentKey, content: AttachmentContent, meta: AttachmentMeta, options: AttachmentDriverOptions) {
    const there = await this.stat(key).catch(() => undefined)
    if (there?.byteLength === content.byteLength) return
    const { id, byteLength, ...line } = meta
    const bytes = await new Response(content.stream()).bytes()
    options.signal?.throwIfAborted()
    this.#values.set(physicalName(key), Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), bytes]))
  }

  // The bytes are the caller's to change, so they are a copy. The portable store compares them with the id.
  async read(key: AttachmentKey, { start, end }: AttachmentDriverReadOptions) {
    const value = this.#values.get(physicalName(key))
    return value && { meta: metaOf(key, value), body: new Uint8Array(bytesOf(value).subarray(start, end)) }
  }

  async stat(key: AttachmentKey) {
    const value = this.#values.get(physicalName(key))
    return value && metaOf(key, value)
  }

  async remove(keys: readonly AttachmentKey[]) {
    for (const key of keys) this.#values.delete(physicalName(key))
  }

  // Others put and delete meanwhile. What is there all the time must be listed exactly once.
  async *list({ prefix }: { prefix: string }) {
    for (const [name, value] of [...this.#values]) {
      const key = parsePhysicalName(name)
      if (key?.id.startsWith(prefix)) yield { ...key, byteLength: bytesOf(value).byteLength }
    }
  }

  async close() {}
}

function bytesOf(value: Uint8Array): Uint8Array {
  return value.subarray(value.indexOf(10) + 1)
}

/** Bytes without metadata, and metadata that nobody can read, are errors of their own: a put heals both. */
function metaOf({ id }: AttachmentKey, value: Uint8Array): AttachmentMeta {
  const line = new TextDecoder().decode(value.subarray(0, value.indexOf(10)))
  if (line === '') throw new AttachmentMissingMetaError(id, `${id} has no metadata; put it again`)
  try {
    return storedMeta(id, bytesOf(value).byteLength, checkMeta(JSON.parse(line)))
  } catch (cause) {
    throw new AttachmentMetadataDecodeError(id, `${id} has metadata that cannot be read`, { cause })
  }
}

/** Tells the kit how to get at the backend. The more of its capabilities you declare, the more is proven. */
const harness: StoreHarness = {
  kind: 'store',
  name: 'key-value',
  capabilities: ['generations', 'metadata-of-first-put', 'plain', 'size-limit', 'reopen', 'damage:drop-metadata'],
  async create(options) {
    const values = new KeyValues()
    const open = () => new PortableAttachmentStore(new KeyValueDriver(values), options)
    const store = open()
    return {
      store,
      reopen: async () => open(),
      corrupt: async (id, _damage, generation = 0) => {
        const name = physicalName({ id, generation })
        values.set(name, Buffer.concat([Buffer.from('\n'), bytesOf(values.get(name) as Uint8Array)]))
      },
      dispose: () => store.close(),
    }
  },
  cleanup: async () => {},
}

// In your repository this is one line of a test: `testStore(harness)`, from `@lash/attachments-conformance/vitest`.
const { ok, outcomes } = await runConformance(harness)
for (const { status, error } of outcomes) if (status === 'failed') console.log(error?.message)
const kept = outcomes.filter(({ status }) => status === 'passed').length
console.log(ok ? `the driver keeps the contract: ${kept} rules` : 'the driver breaks the contract')
process.exitCode = ok ? 0 : 1
