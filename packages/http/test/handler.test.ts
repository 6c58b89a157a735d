import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { type AttachmentHandlerOptions, AttachmentRejectedError, createAttachmentHandler } from '@lash/attachments-http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { expectNoTraces, expectProblem, get, openGround, origin, post, refsOf, traces, url } from './ground.ts'

const id = '0'.repeat(64)

test.each<[string, string, string | null]>([
  ['PUT', url, 'POST, OPTIONS'],
  ['GET', url, 'POST, OPTIONS'],
  ['GET', `${url}/`, 'POST, OPTIONS'],
  ['DELETE', url, 'POST, OPTIONS'],
  ['POST', `${url}/${id}`, 'GET, HEAD, DELETE, OPTIONS'],
  ['PATCH', `${url}/${id}`, 'GET, HEAD, DELETE, OPTIONS'],
])('%s %s is 405 and says what is allowed', async (method, at, allowed) => {
  const { handler } = openGround({ session: () => expect.fail('the session was asked for') })
  const response = await handler.fetch(new Request(at, { method }))
  expect(response.headers.get('Allow')).toBe(allowed)
  await expectProblem(response, 405, 'method_not_allowed')
})

test.each([
  [url, 'POST, OPTIONS'],
  [`${url}/${id}`, 'GET, HEAD, DELETE, OPTIONS'],
])('OPTIONS %s answers what is allowed', async (at, allowed) => {
  const response = await openGround().handler.fetch(new Request(at, { method: 'OPTIONS' }))
  expect([response.status, response.headers.get('Allow')]).toEqual([204, allowed])
})

test.each([
  origin,
  `${origin}/`,
  `${origin}/attachments2`,
  `${url}/x`,
  `${url}/${id}/`,
  `${url}//${id}`,
  `${url}%2f${id}`,
])('%s is no route', async at => {
  const { handler } = openGround({ session: () => expect.fail('the session was asked for') })
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
    await expectProblem(await handler.fetch(new Request(at, { method })), 404, 'not_found')
  }
})

test.each(['/', '/files/', '/api/v1/files', '/dateien/für%20alle'])(
  'the routes are below the base path %s',
  async basePath => {
    const ground = openGround({ basePath })
    const base = `${origin}${basePath.replace(/\/$/, '')}`
    const response = await ground.handler.fetch(new Request(base, { method: 'POST', body: 'x' }))
    const location = response.headers.get('Location') as string
    await refsOf(response)
    expect(await (await ground.handler.fetch(new Request(new URL(location, origin)))).text()).toBe('x')
  },
)

test('DELETE lets go for the holder of the view, as often as it is called', async () => {
  const ground = openGround()
  const [ref] = await refsOf(await post(ground, 'x'))
  const message = ground.draft.withHolder('message')
  await message.adopt([ref as NonNullable<typeof ref>], ground.draft)
  for (let time = 0; time < 2; time++) {
    const response = await get(ground, ref?.id as string, {}, 'DELETE')
    expect([response.status, response.body]).toEqual([204, null])
  }
  expect((await traces(ground)).refs).toEqual([`message ${ref?.id}`])
  expect((await get(ground, id, {}, 'DELETE')).status).toBe(204)
})

test('without a session everything is 404, and an answer of the host is the answer', async () => {
  const none = openGround({ session: () => undefined })
  const refused = openGround({ session: async () => new Response('log in', { status: 401 }) })
  for (const [method, at] of [
    ['POST', url],
    ['GET', `${url}/${id}`],
    ['DELETE', `${url}/${id}`],
  ] as const) {
    const request = () => new Request(at, { method, ...(method === 'POST' && { body: 'x' }) })
    await expectProblem(await none.handler.fetch(request()), 404, 'not_found')
    const response = await refused.handler.fetch(request())
    expect([response.status, await response.text()]).toEqual([401, 'log in'])
  }
})

test('an error of the host is 500, and tells the client nothing', async () => {
  const failure = new Error('postgres://user:password@10.0.0.7/ is down')
  const ground = openGround({ session: () => Promise.reject(failure) })
  expect(await expectProblem(await get(ground, id), 500, 'internal')).not.toContain('password')
  expect(ground.errors).toEqual([failure])
})

const crossSite = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }

test.each<[string, Record<string, string>, boolean]>([
  ['no page', {}, true],
  ['a page of the same origin', { 'Sec-Fetch-Site': 'same-origin', Origin: origin }, true],
  ['a person', { 'Sec-Fetch-Site': 'none' }, true],
  ['a page of another site', crossSite, false],
  ['a page of the same site', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://blog.example' }, false],
  ['a page of another site that hides', { 'Sec-Fetch-Site': 'cross-site', Origin: 'null' }, false],
  ['a page that is trusted', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.example' }, true],
  ['a page of an older browser', { Origin: 'https://chat.example' }, true],
  ['a page of an older browser and another host', { Origin: 'https://evil.example' }, false],
  ['a page of an older browser and another port', { Origin: 'http://chat.example:81' }, false],
  ['a page of an older browser that hides', { Origin: 'null' }, false],
  ['an origin that is none', { Origin: 'chat.example' }, false],
])('what %s sends: %s is let through: %s', async (_who, headers, passes) => {
  const ground = openGround({ trustedOrigins: ['https://app.example'] })
  const posted = await post(ground, 'x', headers)
  const deleted = await get(ground, id, headers, 'DELETE')
  if (passes) {
    expect([posted.status, deleted.status]).toEqual([201, 204])
    return
  }
  await expectProblem(posted, 403, 'cross_origin')
  await expectProblem(deleted, 403, 'cross_origin')
  await expectNoTraces(ground)
})

test('a page of another origin reads what its visitor may read only where the policy lets it', async () => {
  for (const policy of ['same-origin', 'same-site', 'cross-origin'] as const) {
    const ground = openGround({ crossOriginResourcePolicy: policy })
    const [ref] = await refsOf(await post(ground, 'x'))
    const { headers } = await get(ground, ref?.id as string, crossSite)
    expect(headers.get('Cross-Origin-Resource-Policy')).toBe(policy)
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull()
  }
})

const session = () => undefined

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['no session', {}],
  ['an unknown option', { session, maxBytes: 1 }],
  ['a base path without a slash', { session, basePath: 'attachments' }],
  ['a base path with a query', { session, basePath: '/a?b' }],
  ['a negative limit', { session, maxByteLength: -1 }],
  ['a limit that is no number', { session, maxByteLength: '1' }],
  ['no files', { session, maxFiles: 0 }],
  ['half a file', { session, maxFiles: 1.5 }],
  ['a name extension', { session, accept: ['.png'] }],
  ['a type that is not in a list', { session, accept: 'image/png' }],
  ['a commit that is neither', { session, commit: 'later' }],
  ['an inspect that is no function', { session, inspect: true }],
  ['an origin with a path', { session, trustedOrigins: ['https://app.example/'] }],
  ['an origin without a scheme', { session, trustedOrigins: ['app.example'] }],
  ['another policy', { session, crossOriginResourcePolicy: 'none' }],
  ['no time', { session, idleTimeoutMs: 0 }],
  ['too much time', { session, idleTimeoutMs: 2 ** 31 }],
  ['an onError that is no function', { session, onError: null }],
])('%s is refused', (_what, options) => {
  expect(() => createAttachmentHandler(options as AttachmentHandlerOptions)).toThrow(AttachmentInvalidArgumentError)
})

test('a rejection is known from another copy of the package', () => {
  const ours = new AttachmentRejectedError('no')
  expect(AttachmentRejectedError.isInstance(ours)).toBe(true)
  expect(AttachmentRejectedError.isInstance(new Error('no'))).toBe(false)
  expect(AttachmentRejectedError.isInstance('no')).toBe(false)
})

test('an onError that throws does not keep the client from its answer', async () => {
  const full = new Error('the log is full')
  const ground = openGround({
    session: () => Promise.reject(new Error('down')),
    onError: () => {
      throw full
    },
  })
  const log = vi.spyOn(console, 'error').mockReturnValue()
  onTestFinished(() => log.mockRestore())
  await expectProblem(await get(ground, id), 500, 'internal')
  expect(log).toHaveBeenCalledExactlyOnceWith(full)
})
