import { AttachmentInvalidArgumentError, AttachmentNotFoundError, contentId } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { expectBytes, sampleBytes } from '@lash/attachments-testing'
import { describe, expect, test } from 'vitest'
import { describeWithServer, failureOf, meta, there } from '../server.ts'

describeWithServer('URLs', () => {
  test('give the bytes with their media type to anybody, to be saved', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(50), meta)
    const answer = await fetch(await store.getUrl(id))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe(meta.mediaType)
    expect(answer.headers.get('content-disposition')).toBe('attachment')
    expectBytes(await answer.arrayBuffer(), sampleBytes(50))
  })

  test('give ranges, a disposition of choice, and a generation', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(50), meta, { generation: 3 })
    const contentDisposition = { type: 'inline', filename: "it's – ok+ &/?.png" } as const
    for (const options of [{ contentDisposition }, { contentDisposition, generation: 3 }]) {
      const answer = await fetch(await store.getUrl(id, options), { headers: { range: 'bytes=10-19' } })
      expect(answer.status).toBe(206)
      expect(answer.headers.get('content-disposition')).toContain(
        "filename*=UTF-8''it%27s%20%E2%80%93%20ok%2B%20%26_%3F.png",
      )
      expectBytes(await answer.arrayBuffer(), sampleBytes(50).slice(10, 20))
    }
  })

  test('are refused when changed or for longer than a week, and there is none for what is not there', async () => {
    const store = there.store()
    const { id } = await store.put(sampleBytes(50), meta)
    const url = await store.getUrl(id, { expiresInSeconds: 60 })
    expect(url).toContain('X-Amz-Expires=60')
    expect(url).not.toContain(there.secret)
    expect((await fetch(url.replace('attachment', 'inline'))).status).toBe(403)
    for (const seconds of [0, -1, 1.5, 604_801, Number.NaN]) {
      for (const options of [{ expiresInSeconds: seconds }, { expiresIn: seconds }]) {
        expect(await failureOf(store.getUrl(id, options))).toBeInstanceOf(AttachmentInvalidArgumentError)
      }
    }
    expect(await failureOf(store.getUrl(contentId(sampleBytes(9))))).toBeInstanceOf(AttachmentNotFoundError)
    expect(await failureOf(store.getUrl('../x'))).toBeInstanceOf(AttachmentNotFoundError)
  })

  test('take how long they are good also by the name of the AWS presigner, and not by both', async () => {
    const store = there.store()
    const options = { generation: 0, expiresIn: 60 }
    expect(await store.getUrl(contentId(sampleBytes(1)), options)).toContain('X-Amz-Expires=60')
    const both = failureOf(store.getUrl(contentId(sampleBytes(1)), { ...options, expiresInSeconds: 60 }))
    expect(await both).toBeInstanceOf(AttachmentInvalidArgumentError)
  })

  describe('with stableForSeconds', () => {
    const id = contentId(sampleBytes(1))
    const options = { generation: 0, expiresInSeconds: 3000, stableForSeconds: 1000 }
    /** A store of a process of its own, whose clock is so many seconds after the beginning of a window. */
    const storeAt = (seconds: number) => {
      const beginning = Math.floor(Date.now() / 1_000_000) * 1_000_000
      const systemClockOffset = beginning + seconds * 1000 - Date.now()
      return there.store(undefined, { clientConfig: { systemClockOffset } })
    }

    test('are the same throughout a window, whoever makes them, and others in the next one', async () => {
      const [early, late, next] = await Promise.all(
        [100, 900, 1100].map(seconds => storeAt(seconds).getUrl(id, options)),
      )
      expect(late).toBe(early)
      expect(next).not.toBe(early)
      const other = storeAt(100).getUrl(id, { ...options, contentDisposition: 'inline' })
      expect(await other).not.toBe(early)
    })

    test('count from the beginning of the window, so that none is good for longer than was asked for', async () => {
      const { searchParams } = new URL(await storeAt(900).getUrl(id, options))
      const date = searchParams.get('X-Amz-Date')?.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')
      expect(Date.parse(date ?? '') % 1_000_000).toBe(0)
      expect(searchParams.get('X-Amz-Expires')).toBe('3000')
    })

    test('give the bytes', async () => {
      const store = there.store()
      await store.put(sampleBytes(1), meta)
      const answer = await fetch(await store.getUrl(id, options))
      expectBytes(await answer.arrayBuffer(), sampleBytes(1))
    })

    test('are refused when one could be given out that has expired', async () => {
      for (const stableForSeconds of [0, 1.5, -1, 900, Number.NaN]) {
        const refused = await failureOf(there.store().getUrl(id, { generation: 0, stableForSeconds }))
        expect(refused).toBeInstanceOf(AttachmentInvalidArgumentError)
      }
    })
  })

  test('need a signer that can sign them', async () => {
    const signer = { sign: async (request: unknown) => request }
    const store = there.store(undefined, { clientConfig: { signer: signer as never } })
    const error = await failureOf(store.getUrl(contentId(sampleBytes(1)), { generation: 0 }))
    expect(error.message).toMatch(/signer.*cannot sign URLs/)
  })

  test('are signed with a session token when there is one', async () => {
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'a+token/=' }
    const store = new S3AttachmentStore({ bucket: 'some-bucket', clientConfig: { region: 'eu-west-1', credentials } })
    const url = new URL(await store.getUrl(contentId(sampleBytes(1)), { generation: 0 }))
    expect(url.host).toBe('some-bucket.s3.eu-west-1.amazonaws.com')
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe('a+token/=')
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host')
    expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^key\/\d{8}\/eu-west-1\/s3\/aws4_request$/)
    await store.close()
  })
})
