import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import {
  AttachmentCorruptError,
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  AttachmentNotFoundError,
  AttachmentTooLargeError,
  contentId,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import type { S3AttachmentStore, S3Upload, S3UploadOptions } from '@lash/attachments-s3'
import { expectBytes, sampleBytes } from '@lash/attachments-testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { describeWithProxy, failureOf, MiB, proxy, refuseUnsigned, there, traffic } from '../server.ts'

const bytes = sampleBytes(50)
const id = contentId(bytes)
const announced = { id, byteLength: 50, mediaType: 'text/plain; charset=utf-8', label: 'été.txt', width: 3 }

describeWithProxy('an upload', () => {
  let store: S3AttachmentStore
  let manifest: InMemoryAttachmentManifest
  let session: SessionScopedAttachmentStore

  beforeEach(() => {
    refuseUnsigned()
    store = there.store(proxy.endpoint)
    manifest = new InMemoryAttachmentManifest()
    session = sessionOf('a')
  })

  const sessionOf = (sessionId: string) => new SessionScopedAttachmentStore(store, manifest, sessionId)
  const send = ({ url, method, headers }: S3Upload, body: Uint8Array = bytes, other: Record<string, string> = {}) =>
    fetch(url, { method, headers: { ...headers, ...other }, body: body as Uint8Array<ArrayBuffer> })
  const uploaded = async (options: S3UploadOptions = announced) => {
    const upload = await store.createUpload(options)
    expect((await send(upload)).status).toBe(200)
    return upload.uploadId
  }
  /** As of a server that tells the SHA-256 that it was told. */
  const serverTells = () => {
    const headers = { 'x-amz-checksum-sha256': Buffer.from(id, 'hex').toString('base64') }
    proxy.spoil({ method: 'HEAD', url: 'unconfirmed' }, { kind: 'change-headers', headers })
  }
  /** As of one that checks it as well: AWS, MinIO, Ceph from 19 on. It is asked with the checksum of one zero. */
  const serverVouches = () => {
    serverTells()
    const asked = { method: 'PUT', url: contentId(Uint8Array.of(0)) }
    proxy.spoil(asked, { kind: 'answer', status: 400, code: 'BadDigest' })
  }
  const unconfirmed = async () => {
    const input = { Bucket: there.bucket, Prefix: `${there.prefix}unconfirmed/` }
    return (await there.client.send(new ListObjectsV2Command(input))).Contents ?? []
  }

  describe.each([
    ['whose checksum the server knows', serverVouches],
    ['that has to be hashed', () => {}],
  ])('%s', (_name, prepare) => {
    beforeEach(prepare)

    test('is the session’s when it is confirmed, with what was said when it was announced', async () => {
      const ref = await store.confirmUpload(await uploaded(), session)
      expect(ref).toEqual(announced)
      expect(session.pendingRefs()).toEqual([ref])
      await session.commit()
      await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
      const { meta, bytes: stored } = await session.get(id)
      expect(meta).toEqual(announced)
      expectBytes(stored, bytes)
      expect(await there.store().stat(id)).toEqual(announced)
    })

    test('goes to the generation that its content has by then', async () => {
      await session.put(bytes, announced)
      const uploadId = await uploaded()
      await session.release()
      await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
      const ref = await store.confirmUpload(uploadId, session)
      expect(ref.generation).toBe(1)
      await session.commit()
      expectBytes((await session.get(id)).bytes, bytes)
    })

    test('is there to be confirmed again when that has failed, and gone when it has not', async () => {
      const uploadId = await uploaded()
      proxy.spoil({ method: 'PUT', url: 'sha256/' }, { kind: 'answer', status: 403, code: 'AccessDenied' }, 2)
      await expect(store.confirmUpload(uploadId, session)).rejects.toThrow('access denied')
      proxy.reset()
      prepare()
      await store.confirmUpload(uploadId, session)
      expect(await failureOf(store.confirmUpload(uploadId, session))).toBeInstanceOf(AttachmentNotFoundError)
      expect(await session.ref(id)).toEqual(announced)
    })

    test('of bytes that are there leaves them as they are', async () => {
      await store.put(bytes, { mediaType: 'image/png' })
      await store.confirmUpload(await uploaded(), session)
      expect((await store.stat(id))?.mediaType).toBe('image/png')
      expect((await session.stat(id))?.mediaType).toBe(announced.mediaType)
    })

    test('leaves nothing of the headers that came with it and were not signed', async () => {
      const upload = await store.createUpload(announced)
      const added = { 'content-encoding': 'gzip', 'content-disposition': 'inline', 'cache-control': 'no-store' }
      // A server may also refuse them.
      if ((await send(upload, bytes, added)).status !== 200) await send(upload)
      await store.confirmUpload(upload.uploadId, session)
      expectBytes((await session.get(id)).bytes, bytes)
      const { headers } = await fetch(await store.getUrl(id))
      expect(Object.keys(added).map(name => headers.get(name))).toEqual([null, 'attachment', null])
    })

    test('can be confirmed twice at once, by two sessions, and made again: whoever gets a ref has the bytes', async () => {
      const upload = await store.createUpload(announced)
      await send(upload)
      const sessions = [session, sessionOf('b')]
      prepare()
      const refs = await Promise.allSettled(sessions.map(each => store.confirmUpload(upload.uploadId, each)))
      expect(refs.some(({ status }) => status === 'fulfilled')).toBe(true)
      for (const [nth, confirmed] of refs.entries()) {
        if (confirmed.status === 'rejected') expect(confirmed.reason).toBeInstanceOf(AttachmentNotFoundError)
        else {
          await sessions[nth]?.commit({ refs: [confirmed.value] })
          expect((await sessions[nth]?.get(id))?.meta).toEqual(announced)
        }
      }
      await send(upload)
      expect(await store.confirmUpload(upload.uploadId, session)).toEqual(announced)
      expect(await unconfirmed()).toEqual([])
    })

    test('is refused by a store that takes less, and still there', async () => {
      const uploadId = await uploaded()
      const small = there.store(proxy.endpoint, { maxByteLength: 49 })
      expect(await failureOf(small.confirmUpload(uploadId, small))).toBeInstanceOf(AttachmentTooLargeError)
      expect(await store.confirmUpload(uploadId, session)).toEqual(announced)
    })

    test('is committed by its intent: a sweep that comes before takes it', async () => {
      await store.confirmUpload(await uploaded(), session)
      await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
      expect(await failureOf(session.commit())).toBeInstanceOf(AttachmentIntentExpiredError)
    })
  })

  test('whose checksum the server knows is copied by it', async () => {
    const uploadId = await uploaded()
    await store.put(sampleBytes(1), announced)
    traffic()
    serverVouches()
    await store.confirmUpload(uploadId, store)
    const asked = ['PUT 400', 'DELETE 204']
    expect(traffic()).toEqual(['HEAD 200', ...asked, 'HEAD 404', 'PUT 200', 'DELETE 204'])
    expectBytes((await store.get(id)).bytes, bytes)
    const again = await uploaded()
    traffic()
    serverTells()
    await store.confirmUpload(again, store)
    expect(traffic()).toEqual(['HEAD 200', 'HEAD 200', 'DELETE 204'])
  })

  test('can be confirmed into another store', async () => {
    serverVouches()
    const other = new SessionScopedAttachmentStore(there.store(), manifest, 'b')
    expect(await store.confirmUpload(await uploaded(), other)).toEqual(announced)
    expectBytes((await other.get(id)).bytes, bytes)
  })

  test('is signed with the checksum of the bytes alone also by a client that adds others to its requests', async () => {
    const client = new S3Client({
      ...there.config(proxy.endpoint),
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_SUPPORTED',
    })
    const upload = await there.store(undefined, { client }).createUpload(announced)
    client.destroy()
    expect(Object.keys(upload.headers).filter(name => name.includes('checksum'))).toEqual(['x-amz-checksum-sha256'])
    expect((await send(upload)).status).toBe(200)
    expect(await store.confirmUpload(upload.uploadId, session)).toEqual(announced)
  })

  test('of many bytes, and of none', async () => {
    for (const body of [sampleBytes(3 * MiB), new Uint8Array(0)]) {
      const meta = { id: contentId(body), byteLength: body.byteLength, mediaType: 'application/octet-stream' }
      const upload = await store.createUpload(meta)
      await send(upload, body)
      expect(await store.confirmUpload(upload.uploadId, session)).toEqual(meta)
      expectBytes((await session.get(meta.id)).bytes, body)
    }
  })

  test('is refused by the server when it is not as announced, and once it has expired', async () => {
    const upload = await store.createUpload(announced)
    const refused = [
      send(upload, sampleBytes(51)),
      send(upload, bytes, { 'content-type': 'text/html' }),
      send(upload, bytes, { 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }),
      send(upload, bytes, { 'x-amz-meta-lash-label': 'other' }),
      send({ ...upload, url: upload.url.replace(id, contentId(sampleBytes(1))) }),
    ]
    expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
    const client = new S3Client({ ...there.config(proxy.endpoint), forcePathStyle: true })
    const late = there.store(undefined, { client })
    await late.createUpload(announced)
    // What has been sent has set the clock by the server's.
    client.config.systemClockOffset = -60_000
    const expired = await late.createUpload({ ...announced, expiresInSeconds: 59 })
    client.destroy()
    expect((await send(expired)).status).toBe(403)
    expect(await failureOf(store.confirmUpload(upload.uploadId, session))).toBeInstanceOf(AttachmentNotFoundError)
    expect(await session.ref(id)).toBeUndefined()
  })

  test('of other bytes, where the server takes them, is never stored; of the right ones it is, by the same URL', async () => {
    const upload = await store.createUpload(announced)
    await send(upload, sampleBytes(51).slice(1))
    // Of a server that knows checksums, it has been refused already.
    const error = await failureOf(store.confirmUpload(upload.uploadId, session))
    expect([AttachmentCorruptError, AttachmentNotFoundError]).toContain(error.constructor)
    expect(await Array.fromAsync(manifest.listRefs('a'))).toEqual([])
    expect(await store.stat(id)).toBeUndefined()
    await send(upload)
    expect(await store.confirmUpload(upload.uploadId, session)).toEqual(announced)
  })

  test('of other bytes is not stored either where the server tells a checksum that it has not checked', async () => {
    const upload = await store.createUpload(announced)
    await send(upload, sampleBytes(51).slice(1))
    serverTells()
    const error = await failureOf(store.confirmUpload(upload.uploadId, session))
    expect([AttachmentCorruptError, AttachmentNotFoundError]).toContain(error.constructor)
    expect(await store.stat(id)).toBeUndefined()
  })

  test('with metadata that was not announced is refused, where the server takes it; without, it is the session’s', async () => {
    for (const added of [{ 'x-amz-meta-lash-height': '7' }, { 'x-amz-meta-lash-label-2': 'more' }]) {
      const upload = await store.createUpload(announced)
      await send(upload, bytes, added)
      // Of a server that refuses headers that were not signed, it has been refused already.
      const error = await failureOf(store.confirmUpload(upload.uploadId, session))
      expect([AttachmentCorruptError, AttachmentNotFoundError]).toContain(error.constructor)
      expect(await session.ref(id)).toBeUndefined()
      await send(upload)
      expect(await store.confirmUpload(upload.uploadId, session)).toEqual(announced)
      await session.release()
    }
  })

  test('that was cut off or cancelled on its way is nothing, until it is made again by the same URL', async () => {
    const upload = await store.createUpload(announced)
    proxy.spoil({ method: 'PUT' }, { kind: 'cut-request', afterBytes: 1 })
    await expect(send(upload)).rejects.toThrow('fetch failed')
    expect(await failureOf(store.confirmUpload(upload.uploadId, session))).toBeInstanceOf(AttachmentNotFoundError)
    expect(await unconfirmed()).toEqual([])
    await send(upload)
    expect(await store.confirmUpload(upload.uploadId, session)).toEqual(announced)
  })

  test('that was announced and not made gives nothing to who only knows the id', async () => {
    await sessionOf('b').put(bytes, announced)
    const { uploadId } = await store.createUpload(announced)
    expect(await failureOf(store.confirmUpload(uploadId, session))).toBeInstanceOf(AttachmentNotFoundError)
    expect(await failureOf(session.get(id))).toBeInstanceOf(AttachmentNotFoundError)
    expect(await session.ref(id)).toBeUndefined()
  })

  test('cannot be a copy of what others have: where the server would make one, there are no uploads', async () => {
    await store.put(bytes, announced)
    const source = `${there.bucket}/${there.keyOf(id)}`
    const smuggle = async (from: S3AttachmentStore) =>
      (await send(await from.createUpload(announced), bytes, { 'x-amz-copy-source': source })).status
    expect(await smuggle(store)).toBe(403)
    proxy.reset()
    const outcome = await smuggle(there.store(proxy.endpoint)).catch(error => error.message)
    // The server of the tests may be one that refuses such a header itself.
    if (outcome !== 403) expect(outcome).toMatch(/takes headers that were not signed/)
    expect(await unconfirmed()).toEqual([])
  })

  test('is not offered where the server takes none by a URL', async () => {
    proxy.spoil({ url: 'X-Amz-Signature' }, { kind: 'answer', status: 405, code: 'MethodNotAllowed' })
    await expect(store.createUpload(announced)).rejects.toThrow('answered 405 to an upload by a signed URL')
    expect(await uploaded()).toMatch(new RegExp(`^[\\w-]{43}\\.${id}$`))
  })

  test('that is not confirmed is in no listing, and no audit takes it', async () => {
    const uploadId = await uploaded()
    expect(await Array.fromAsync(store.list())).toEqual([])
    await reclaimUnreferencedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
    expect(await store.confirmUpload(uploadId, session)).toEqual(announced)
  })

  test('is not announced with what cannot be', async () => {
    const small = there.store(undefined, { maxByteLength: 49 })
    expect(await failureOf(small.createUpload(announced))).toBeInstanceOf(AttachmentTooLargeError)
    const tooLong = store.createUpload({ ...announced, byteLength: 5 * 1024 * MiB + 1 })
    expect(await failureOf(tooLong)).toBeInstanceOf(AttachmentTooLargeError)
    const wrong: Partial<S3UploadOptions>[] = [
      { id: id.toUpperCase() },
      { id: '../x' },
      { byteLength: -1 },
      { byteLength: 0.5 },
      { mediaType: 'text' },
      { expiresInSeconds: 604_801 },
    ]
    for (const one of wrong) {
      expect(await failureOf(store.createUpload({ ...announced, ...one }))).toBeInstanceOf(
        AttachmentInvalidArgumentError,
      )
    }
    for (const uploadId of ['', '../x', `../sha256/00.${id}`, `${'a'.repeat(43)}.${id}/`, undefined as never]) {
      const refused = await failureOf(store.confirmUpload(uploadId, session))
      expect(refused).toBeInstanceOf(AttachmentInvalidArgumentError)
    }
  })
})
