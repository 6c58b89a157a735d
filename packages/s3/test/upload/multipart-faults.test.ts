import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { AttachmentBackendError } from '@lash/attachments-core'
import type { S3AttachmentStore } from '@lash/attachments-s3'
import { sampleBytes } from '@lash/attachments-testing'
import { type S3Fault, type SeenRequest, uploads } from '@lash/attachments-testing/s3'
import { beforeEach, expect, test } from 'vitest'
import { describeWithProxy, expectAbsent, expectStored, failureOf, MiB, meta, proxy, there } from '../server.ts'

const multipart = { partBytes: 5 * MiB, concurrency: 2 }
let store: S3AttachmentStore

beforeEach(() => {
  store = there?.store(proxy.endpoint, { multipart })
})

describeWithProxy('a put in parts', () => {
  const bytes = sampleBytes(11 * MiB)
  const parts = { method: 'PUT', url: 'partNumber=2' }
  const complete = { method: 'POST', url: 'uploadId=' }
  const cut200 = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>late</Message></Error>'

  test.each<[string, { method: string; url: string }, S3Fault]>([
    ['a part that fails once', parts, { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['a part that is cut', parts, { kind: 'cut-request', afterBytes: MiB }],
    ['a part that comes twice', parts, { kind: 'repeat' }],
    ['a lost answer to a part', parts, { kind: 'lose-answer' }],
    ['a lost answer to the completion', complete, { kind: 'lose-answer' }],
    ['a completion that comes twice', complete, { kind: 'repeat' }],
    ['a completion that fails with status 200', complete, { kind: 'answer', status: 200, body: cut200 }],
  ])('gets over %s', async (_name, target, fault) => {
    proxy.spoil(target, fault)
    await store.put(new Blob([bytes]), meta)
    await expectStored(bytes)
    expect(await uploads(there.client, there.bucket, there.prefix)).toEqual([])
  })

  test.each<[string, { method: string; url: string }, S3Fault]>([
    ['a part that cannot be sent', parts, { kind: 'answer', status: 403, code: 'AccessDenied' }],
    ['a part that is changed on the way', parts, { kind: 'flip-request', at: 5 }],
    ['a completion that is refused', complete, { kind: 'answer', status: 400, code: 'InvalidPart' }],
  ])('is aborted after %s: nothing to see, and no upload left', async (_name, target, fault) => {
    proxy.spoil(target, fault, 20)
    expect(await failureOf(store.put(new Blob([bytes]), meta))).toBeInstanceOf(AttachmentBackendError)
    await expectAbsent(bytes)
    expect(await uploads(there.client, there.bucket, there.prefix)).toEqual([])
  })

  test('is aborted by its signal: nothing to see, and no upload left', async () => {
    proxy.spoil(parts, { kind: 'hang' }, 20)
    const abort = new AbortController()
    const putting = failureOf(store.put(new Blob([bytes]), meta, { signal: abort.signal }))
    await expect.poll(() => proxy.requests.some(request => request.url.includes('partNumber=2'))).toBe(true)
    const reason = new Error('enough')
    abort.abort(reason)
    expect(await putting).toBe(reason)
    await expect.poll(() => uploads(there.client, there.bucket, there.prefix)).toEqual([])
    await expectAbsent(bytes)
  })
})

describeWithProxy('a put that waits for memory to send from', () => {
  const narrow = { multipart: { partBytes: 5 * MiB, concurrency: 1 } }
  const small = sampleBytes(2 * MiB, 3)

  /** Waits until such a request has been answered, or hangs, since the last call. */
  async function seen(request: string): Promise<void> {
    const isIt = ({ method, status }: SeenRequest) => `${method} ${status ?? '-'}` === request
    await expect.poll(() => proxy.requests.some(isIt)).toBe(true)
    proxy.requests.length = 0
  }

  test.each([
    ['in one request', 4 * MiB],
    ['in parts', 9 * MiB],
  ])('ends with the reason of its abort, and is in nobody’s way (%s)', async (_name, byteLength) => {
    const narrowStore = there.store(proxy.endpoint, narrow)
    proxy.spoil({ method: 'PUT' }, { kind: 'hang' })
    const first = new AbortController()
    const holding = failureOf(narrowStore.put(new Blob([sampleBytes(3 * MiB)]), meta, { signal: first.signal }))
    await seen('PUT -')
    const second = new AbortController()
    const bytes = sampleBytes(byteLength, 2)
    const waiting = failureOf(narrowStore.put(new Blob([bytes]), meta, { signal: second.signal }))
    await seen(byteLength > 5 * MiB ? 'POST 200' : 'HEAD 404')
    const third = narrowStore.put(new Blob([small]), meta)
    await seen('HEAD 404')
    const reason = new Error('enough')
    second.abort(reason)
    expect(await waiting).toBe(reason)
    await third
    await expectStored(small)
    await expectAbsent(bytes)
    expect(await uploads(there.client, there.bucket, there.prefix)).toEqual([])
    first.abort(reason)
    expect(await holding).toBe(reason)
  })
})

describeWithProxy('a process that is killed', () => {
  test('in a put in parts leaves nothing to see, and the bytes can be put again', async () => {
    const bytes = sampleBytes(11 * MiB)
    proxy.spoil({ method: 'PUT', url: 'partNumber=2' }, { kind: 'hang' })
    const program = `
      import { S3AttachmentStore } from '@lash/attachments-s3'
      import { sampleBytes } from '@lash/attachments-testing/child'
      const store = new S3AttachmentStore(${JSON.stringify({ ...there.options(proxy.endpoint), multipart })})
      await store.put(new Blob([sampleBytes(${bytes.byteLength})]), ${JSON.stringify(meta)})`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const gone = once(child, 'exit')
    await expect
      .poll(() => proxy.requests.filter(({ url }) => url.includes('partNumber=')).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(2)
    child.kill('SIGKILL')
    await gone
    expect(await uploads(there.client, there.bucket, there.prefix)).toHaveLength(1)
    await expectAbsent(bytes)
    expect(await Array.fromAsync(store.list())).toEqual([])
    await store.put(new Blob([bytes]), meta)
    await expectStored(bytes)
  })
})
