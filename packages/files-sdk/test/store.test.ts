import { AttachmentBackendError, AttachmentInvalidArgumentError, contentId } from '@lash/attachments-core'
import { FilesSdkAttachmentStore, type FilesSdkAttachmentStoreOptions } from '@lash/attachments-files-sdk'
import { type Adapter, Files, FilesError, type ListOptions, type UploadOptions } from 'files-sdk'
import { fs } from 'files-sdk/fs'
import { memory } from 'files-sdk/memory'
import { describe, expect, test } from 'vitest'

const bytes = new TextEncoder().encode('a,b\n1,2\n')
const meta = { mediaType: 'text/csv', label: 'table.csv' }
const id = await contentId(bytes)

/** The adapter in memory, which a test changes in one point. */
function memoryWith(change: (adapter: Adapter) => Partial<Adapter>): Adapter {
  const adapter: Adapter = memory()
  return { ...adapter, ...change(adapter) }
}

function storeOf(adapter: Adapter, options: Partial<FilesSdkAttachmentStoreOptions> = {}): FilesSdkAttachmentStore {
  return new FilesSdkAttachmentStore({ adapter, ...options })
}

describe('options', () => {
  test('refuse what is no adapter, and say what to give instead', () => {
    const wrong: unknown[] = [undefined, {}, new Files({ adapter: memory() }), 'fs']
    for (const adapter of wrong) {
      const opening = () => storeOf(adapter as Adapter)
      expect(opening).toThrow(AttachmentInvalidArgumentError)
      expect(opening).toThrow('of a Files object, give its adapter')
    }
  })

  test('refuse a persistence and a prefix that nobody can keep', () => {
    const adapter = memory()
    expect(() => storeOf(adapter, { persistence: 'forever' as 'durable' })).toThrow(AttachmentInvalidArgumentError)
    for (const prefix of ['/a', 'a//b', '../a/', 'a/./', 'a\0', 'a\\b', 'x'.repeat(801), 7 as never]) {
      expect(() => storeOf(adapter, { prefix }), prefix).toThrow(AttachmentInvalidArgumentError)
    }
  })

  test('persistence is that of the adapter, unless the host knows better', () => {
    expect(storeOf(memory()).persistence).toBe('ephemeral')
    expect(storeOf(fs({ root: '/tmp' })).persistence).toBe('crash-safe')
    expect(storeOf(memoryWith(() => ({ name: 'gcs' }))).persistence).toBe('durable')
    expect(storeOf(memory(), { persistence: 'crash-safe' }).persistence).toBe('crash-safe')
  })

  test('two prefixes of one adapter do not see each other', async () => {
    const adapter = memory()
    const [one, other] = [storeOf(adapter, { prefix: 'one/' }), storeOf(adapter, { prefix: 'other/' })]
    await one.put(bytes, meta)
    expect(await other.stat(id)).toBeUndefined()
    expect(await Array.fromAsync(other.list())).toEqual([])
    expect(await Array.fromAsync(one.list())).toMatchObject([{ id, generation: 0, byteLength: 8 }])
  })
})

describe('what services lack', () => {
  test('without ranges in the adapter, ranges and metadata are read all the same', async () => {
    const store = storeOf(memoryWith(() => ({ supportsRange: false })))
    const long = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
    const ref = await store.put(long, meta)
    const { body } = await store.stream(ref.id, { start: 200_000, end: 200_010 })
    expect(await new Response(body).bytes()).toEqual(long.slice(200_000, 200_010))
    expect(await store.stat(ref.id)).toEqual({ ...meta, id: ref.id, byteLength: 300_000 })
  })

  test('without lengths in the listing, the lengths are asked for', async () => {
    const list = async (adapter: Adapter, options?: ListOptions) => {
      const page = await adapter.list(options)
      return { ...page, items: page.items.map(item => ({ ...item, size: 0 })) }
    }
    const store = storeOf(memoryWith(adapter => ({ list: options => list(adapter, options) })))
    await store.put(bytes, meta)
    await store.put(new Uint8Array(0), meta)
    const lengths = (await Array.fromAsync(store.list())).map(({ byteLength }) => byteLength)
    expect(lengths.toSorted()).toEqual([0, 8])
  })

  test('a service that gives objects other names is refused by the first put', async () => {
    const adapter = memoryWith(({ upload }) => ({
      upload: async (key, body, options) => ({ ...(await upload(key, body, options)), key: `${key}-x7Qa` }),
    }))
    const putting = storeOf(adapter).put(bytes, meta)
    await expect(putting).rejects.toThrow('the service gave an object the name')
  })

  test('deletes that say "not found" have deleted, and others fail', async () => {
    const missing = new FilesError('NotFound', 'gone')
    const denied = new FilesError('Unauthorized', 'not yours')
    const failing = (error: FilesError) => memoryWith(() => ({ delete: () => Promise.reject(error) }))
    await expect(storeOf(failing(missing)).delete(id, { generation: 0 })).resolves.toBeUndefined()
    await expect(storeOf(failing(denied)).delete(id, { generation: 0 })).rejects.toThrow('not yours')
  })

  test('a bucket that is not there is not an empty one', async () => {
    const noBucket = new FilesError('NotFound', 'no such bucket', Object.assign(new Error(), { name: 'NoSuchBucket' }))
    const store = storeOf(memoryWith(() => ({ download: () => Promise.reject(noBucket) })))
    await expect(store.get(id)).rejects.toThrow(AttachmentBackendError)
  })
})

describe('an adapter that goes on after an abort', () => {
  /** Uploads wait until they are let go, and hear of no abort. */
  function slowUploads() {
    const { promise: letGo, resolve: release } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const adapter = memoryWith(({ upload }) => ({
      async upload(key, body, options?: UploadOptions) {
        begin()
        await letGo
        return upload(key, body, options)
      },
    }))
    return { adapter, begun, release }
  }

  async function abortedPut(store: FilesSdkAttachmentStore, begun: Promise<void>): Promise<void> {
    const abort = new AbortController()
    const putting = store.put(bytes, meta, { signal: abort.signal })
    await begun
    abort.abort()
    await expect(putting).rejects.toBe(abort.signal.reason)
  }

  test('holds back a delete, so that nothing comes back afterwards', async () => {
    const { adapter, begun, release } = slowUploads()
    const store = storeOf(adapter)
    await abortedPut(store, begun)
    const deleting = store.delete(id, { generation: 0 })
    release()
    await deleting
    await store.close()
    expect(await storeOf(adapter).stat(id)).toBeUndefined()
  })

  test('holds back close, after which nothing is written', async () => {
    const { adapter, begun, release } = slowUploads()
    const store = storeOf(adapter)
    await abortedPut(store, begun)
    let closed = false
    const closing = store.close().then(() => {
      closed = true
    })
    await new Promise(setImmediate)
    expect(closed).toBe(false)
    release()
    await closing
    expect(await storeOf(adapter).stat(id)).toMatchObject({ byteLength: 8 })
  })

  test('holds back the next put of the same bytes, which then has nothing to write', async () => {
    const { adapter, begun, release } = slowUploads()
    const store = storeOf(adapter)
    await abortedPut(store, begun)
    const putting = store.put(bytes, { mediaType: 'text/plain' })
    release()
    await putting
    expect((await store.get(id)).meta.mediaType).toBe('text/csv')
  })

  test('holds back a put of what is being deleted, which then stays', async () => {
    const { promise: letGo, resolve: release } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const store = storeOf(
      memoryWith(adapter => ({
        async delete(key) {
          begin()
          await letGo
          return adapter.delete(key)
        },
      })),
    )
    await store.put(bytes, meta)
    const abort = new AbortController()
    const deleting = store.delete(id, { generation: 0, signal: abort.signal })
    await begun
    abort.abort()
    await expect(deleting).rejects.toBe(abort.signal.reason)
    const putting = store.put(bytes, meta)
    release()
    await putting
    expect(await store.stat(id)).toMatchObject({ byteLength: 8 })
    await store.close()
  })
})
