import {
  AttachmentBackendError,
  AttachmentIntentExpiredError,
  AttachmentIoError,
  AttachmentNotFoundError,
  AttachmentStoreError,
  contentId,
} from '@lash/attachments-core'
import { expect, test } from 'vitest'

const id = contentId(new Uint8Array([1]))

test('isInstance knows an error of another copy of the package, by its class and by the base', async () => {
  // From source the file is .ts, as published it is .js.
  const file = import.meta.resolve('@lash/attachments-core').replace(/index(\.[jt]s)$/, 'errors$1?copy')
  const copy = (await import(file)) as typeof import('@lash/attachments-core')
  const error = new copy.AttachmentNotFoundError(id)
  expect(error).not.toBeInstanceOf(AttachmentStoreError)
  expect(AttachmentStoreError.isInstance(error)).toBe(true)
  expect(AttachmentNotFoundError.isInstance(error)).toBe(true)
  expect(AttachmentBackendError.isInstance(error)).toBe(false)
})

test.each([undefined, null, 'not_found', 404, {}, new Error('not_found'), { code: 'not_found' }])(
  'isInstance is false for %s',
  value => {
    expect(AttachmentStoreError.isInstance(value)).toBe(false)
    expect(AttachmentNotFoundError.isInstance(value)).toBe(false)
  },
)

test('an error has its code, id, cause and name', () => {
  const cause = new Error('because')
  const error = new AttachmentNotFoundError(id, { cause })
  expect(error).toMatchObject({ code: 'not_found', id, cause, name: 'AttachmentNotFoundError' })
  expect(new AttachmentIoError('/a/b', 'no space')).toMatchObject({ code: 'io', path: '/a/b' })
  expect(new AttachmentIntentExpiredError([id])).toMatchObject({ code: 'intent_expired', ids: [id] })
  expect('id' in new AttachmentBackendError('down')).toBe(false)
})

test('a made-up id does not flood or control the terminal through a message', () => {
  const { message } = new AttachmentNotFoundError(`\u001b[2J\n\u009b31m${'x'.repeat(10_000)}`)
  expect(message.length).toBeLessThan(300)
  expect(message).not.toMatch(/\p{Cc}/u)
})

test('an id that has no text form does not break the error about it', () => {
  const { message } = new AttachmentNotFoundError(Object.create(null) as string)
  expect(message).toContain('object')
})
