import { contentId, isAttachmentId } from '@lash/attachments-core'
import { isAttachmentIdPrefix } from '@lash/attachments-core/backend'
import { expect, test } from 'vitest'

const id = contentId(new Uint8Array([1, 2, 3]))
const everyCodeUnit = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))

test.each([0, 31, 63])('of all code units, only lower-case hex digits can be in an id (at %d)', index => {
  const taken = everyCodeUnit.filter(unit => isAttachmentId(id.slice(0, index) + unit + id.slice(index + 1)))
  expect(taken.join('')).toBe('0123456789abcdef')
})

test('an id has 64 digits, and a prefix of one up to as many', () => {
  for (const length of [0, 1, 63, 64]) {
    expect(isAttachmentIdPrefix(id.slice(0, length))).toBe(true)
    expect(isAttachmentId(id.slice(0, length))).toBe(length === 64)
  }
  expect([isAttachmentId(`${id}0`), isAttachmentIdPrefix(`${id}0`), isAttachmentIdPrefix('0g')]).not.toContain(true)
})

test.each([undefined, null, 1, [id], [...id], new String(id), { toString: () => id }])(
  'no other value is one',
  value => {
    expect([isAttachmentId(value), isAttachmentIdPrefix(value)]).toEqual([false, false])
  },
)
