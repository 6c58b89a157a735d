import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { checkMeta, checkSessionId, maxDimension, maxLabelBytes } from '@lash/attachments-core/backend'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const good = { mediaType: 'image/png' }

describe('media types', () => {
  test.each([
    'image/png',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'text/plain;charset=utf-8',
    'text/plain; charset="utf-8"; format=flowed',
    'a/b',
    `a/${'b'.repeat(253)}`,
  ])('takes %s', mediaType => {
    expect(checkMeta({ mediaType })).toEqual({ mediaType })
  })

  test.each([
    '',
    'image',
    'image/',
    '/png',
    'image/png\r\nx-evil: 1',
    'image/png\0',
    'image/png;',
    'image/p ng',
    'imagé/png',
    'text/plain; charset="a\nb"',
    `a/${'b'.repeat(254)}`,
    undefined,
    null,
    7,
    {},
  ])('refuses %j', mediaType => {
    expect(() => checkMeta({ mediaType: mediaType as string })).toThrow(AttachmentInvalidArgumentError)
  })

  test('takes time in proportion to a hostile one', () => {
    const hostile = `a/b${';a="\\\\'.repeat(49)}`
    expect(() => checkMeta({ mediaType: hostile })).toThrow(AttachmentInvalidArgumentError)
  })
})

test.each([0, 1, maxDimension])('takes the dimension %d', width => {
  expect(checkMeta({ ...good, width, height: width })).toEqual({ ...good, width, height: width })
})

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, maxDimension + 1, '10', null])(
  'refuses the dimension %j',
  width => {
    expect(() => checkMeta({ ...good, width: width as number })).toThrow(AttachmentInvalidArgumentError)
    expect(() => checkMeta({ ...good, height: width as number })).toThrow(AttachmentInvalidArgumentError)
  },
)

test('takes any well-formed label up to its limit, and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), label => {
      const fits = label.isWellFormed() && !label.includes('\0') && Buffer.byteLength(label) <= maxLabelBytes
      if (fits) expect(checkMeta({ ...good, label })).toEqual({ ...good, label })
      else expect(() => checkMeta({ ...good, label })).toThrow(AttachmentInvalidArgumentError)
    }),
  )
})

test.each([
  ['a lone high surrogate', '\ud800'],
  ['a lone low surrogate', 'a\udc00b'],
  ['NUL', 'a\0b'],
  ['1,026 bytes', 'é'.repeat(513)],
  ['a number', 5],
  ['null', null],
])('refuses as a label %s', (_, label) => {
  expect(() => checkMeta({ ...good, label: label as string })).toThrow(AttachmentInvalidArgumentError)
})

test.each([undefined, null, 'image/png', 3])('refuses %j as metadata', meta => {
  expect(() => checkMeta(meta as never)).toThrow(AttachmentInvalidArgumentError)
})

test('drops what it does not know, so that nothing can be smuggled in', () => {
  const meta = { ...good, id: 'x', byteLength: 3, generation: 9, toString: () => 'x' }
  expect(checkMeta(meta)).toEqual(good)
})

test.each([
  ['short', 's'],
  ['of punctuation', 'ü/\\"\'%;--'],
  ['of 512 emoji', '😀'.repeat(512)],
  ['of 512 letters', 'x'.repeat(512)],
  ['of a blank', ' '],
  ['like a path', '..'],
])('takes a session id %s', (_, id) => {
  expect(checkSessionId(id)).toBe(id)
})

test.each([
  ['that is empty', ''],
  ['of 513 letters', 'x'.repeat(513)],
  ['of 513 emoji', '😀'.repeat(513)],
  ['with NUL', 'a\0'],
  ['with a lone surrogate', '\ud83d'],
  ['that is missing', undefined],
  ['that is null', null],
  ['that is a number', 5],
  ['that is an object', {}],
])('refuses a session id %s', (_, id) => {
  expect(() => checkSessionId(id)).toThrow(AttachmentInvalidArgumentError)
})
