import { inspect } from 'node:util'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { AttachmentBackendError } from '@lash/attachments-core'
import type { S3AttachmentStore } from '@lash/attachments-s3'
import { sampleBytes } from '@lash/attachments-testing'
import type { S3Fault } from '@lash/attachments-testing/s3'
import { beforeEach, expect, test } from 'vitest'
import { describeWithProxy, expectAbsent, expectStored, failureOf, meta, proxy, there, traffic } from '../server.ts'

let store: S3AttachmentStore

beforeEach(() => {
  store = there?.store(proxy.endpoint)
})

describeWithProxy('a put', () => {
  const bytes = sampleBytes(100_000)

  test.each<[string, S3Fault]>([
    ['SlowDown', { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['an internal error', { kind: 'answer', status: 500, code: 'InternalError' }],
    ['a cut connection', { kind: 'cut-request', afterBytes: 50_000 }],
    ['a connection cut before a byte', { kind: 'cut-request', afterBytes: 0 }],
    ['a lost answer', { kind: 'lose-answer' }],
    ['a repeated request', { kind: 'repeat' }],
    ['a conflict', { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }],
    ['a delay', { kind: 'delay', ms: 20 }],
  ])('gets over %s', async (_name, fault) => {
    proxy.spoil({ method: 'PUT' }, fault)
    const { id } = await store.put(bytes, meta)
    await expectStored(bytes)
    expect((await Array.fromAsync(store.list())).map(blob => blob.id)).toEqual([id])
  })

  test.each<[string, S3Fault, RegExp]>([
    ['an overloaded server', { kind: 'answer', status: 503, code: 'SlowDown' }, /overloaded.*SlowDown 503/],
    ['a server that cuts every connection', { kind: 'cut-request', afterBytes: 50_000 }, /connection was cut/],
    ['bytes changed on the way', { kind: 'flip-request', at: 5 }, /changed on the way.*stored nothing/],
    ['a server without space', { kind: 'answer', status: 507, code: 'QuotaExceeded' }, /no space left/],
    [
      'a redirect',
      { kind: 'answer', status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-9' } },
      /region.*in region eu-west-9/,
    ],
    [
      'another region',
      { kind: 'answer', status: 400, code: 'AuthorizationHeaderMalformed' },
      /region or the endpoint is not that of the bucket/,
    ],
    ['denied access', { kind: 'answer', status: 403, code: 'AccessDenied' }, /access denied.*s3:PutObject/],
    ['a wrong clock', { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' }, /clock of this machine/],
    ['an expired token', { kind: 'answer', status: 400, code: 'ExpiredToken' }, /credentials have expired/],
  ])('tells clearly of %s, and nothing is stored', async (_name, fault, message) => {
    proxy.spoil({ method: 'PUT' }, fault, 20)
    const error = await failureOf(store.put(bytes, meta))
    expect(error).toBeInstanceOf(AttachmentBackendError)
    expect(error.message).toMatch(message)
    expect(error.message).toContain(`"${there.bucket}" at ${proxy.endpoint}`)
    expect(inspect(error, { depth: 20 })).not.toContain(there.secret)
    await expectAbsent(bytes)
  })

  test('learns that a server has no conditional writes, and remembers it', async () => {
    await store.put(sampleBytes(20), meta)
    proxy.reset()
    proxy.spoil({ method: 'PUT' }, { kind: 'answer', status: 501, code: 'NotImplemented' })
    await store.put(bytes, meta)
    expect(traffic()).toEqual(['PUT 501', 'HEAD 404', 'PUT 200'])
    await store.put(sampleBytes(10), meta)
    expect(traffic()).toEqual(['HEAD 404', 'PUT 200'])
  })

  test('ends when the server hangs, with the reason when it is aborted', async () => {
    proxy.spoil({}, { kind: 'hang' }, 20)
    const abort = new AbortController()
    const putting = failureOf(store.put(bytes, meta, { signal: abort.signal }))
    await expect.poll(() => proxy.requests.length).toBe(1)
    const reason = new Error('enough')
    abort.abort(reason)
    expect(await putting).toBe(reason)
    await expect.poll(() => proxy.requests[0]?.dropped).toBe(true)

    const requestHandler: S3ClientConfig['requestHandler'] = { requestTimeout: 50 }
    const hasty = there.store(proxy.endpoint, { clientConfig: { requestHandler, maxAttempts: 1 } })
    expect((await failureOf(hasty.put(bytes, meta))).message).toMatch(/did not answer in time/)
  })
})
