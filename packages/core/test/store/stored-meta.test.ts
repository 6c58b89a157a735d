import { createHash } from 'node:crypto'
import { AttachmentMetadataDecodeError, AttachmentMissingMetaError } from '@lash/attachments-core'
import { decodeStoredMeta, encodeStoredMeta, maxDimension, maxLabelBytes } from '@lash/attachments-core/backend'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const id = createHash('sha256').digest('hex')
const key = { id, generation: 3 }
const dimension = fc.nat(maxDimension)

test('any metadata come back, from one line of ASCII of at most 7,000 bytes', () => {
  const metadata = fc.record(
    {
      mediaType: fc.constantFrom('text/plain', `a/b; c="${'\\"'.repeat(120)}"`),
      byteLength: fc.maxSafeNat(),
      width: dimension,
      height: dimension,
      label: fc.string({ unit: 'grapheme', maxLength: 60 }),
    },
    { requiredKeys: ['mediaType', 'byteLength'] },
  )
  fc.assert(
    fc.property(metadata, meta => {
      const line = encodeStoredMeta({ id, ...meta })
      expect(line).toMatch(/^[ -~]+$/)
      expect(decodeStoredMeta(key, line)).toStrictEqual({ id, ...meta })
    }),
  )
  const longest = { id, mediaType: `a/b; c="${'\\"'.repeat(123)}"`, byteLength: Number.MAX_SAFE_INTEGER }
  const meta = { ...longest, width: maxDimension, height: maxDimension, label: '\x01'.repeat(maxLabelBytes) }
  expect(encodeStoredMeta(meta).length).toBeLessThanOrEqual(7000)
  expect(decodeStoredMeta(key, encodeStoredMeta(meta))).toStrictEqual(meta)
})

test('the length is what the store has now, where it says so', () => {
  const line = encodeStoredMeta({ id, mediaType: 'text/plain', byteLength: 5 })
  expect(decodeStoredMeta(key, line).byteLength).toBe(5)
  expect(decodeStoredMeta(key, line, 0).byteLength).toBe(0)
})

test('each call gives a new object', () => {
  const line = encodeStoredMeta({ id, mediaType: 'text/plain', byteLength: 5 })
  expect(decodeStoredMeta(key, line)).not.toBe(decodeStoredMeta(key, line))
})

test('no text is missing metadata', () => {
  expect(() => decodeStoredMeta(key, undefined, 5)).toThrow(expect.objectContaining({ code: 'missing_meta', id }))
  expect(() => decodeStoredMeta(key, undefined, 5)).toThrow(AttachmentMissingMetaError)
})

test.each([
  '',
  'null',
  '5',
  '[]',
  '{}',
  'not JSON',
  '{"mediaType":"text/plain"}',
  '{"mediaType":"text/plain","byteLength":-1}',
  '{"mediaType":"text/plain","byteLength":"5"}',
  '{"mediaType":"text","byteLength":5}',
  '{"mediaType":"text/plain","byteLength":5,"width":null}',
  '{"mediaType":"text/plain","byteLength":5,"label":"\\ud800"}',
  '{"__proto__":{"mediaType":"text/plain","byteLength":5}}',
])('%s is damaged metadata', text => {
  const read = () => decodeStoredMeta(key, text)
  expect(read).toThrow(AttachmentMetadataDecodeError)
  expect(read).toThrow(expect.objectContaining({ code: 'metadata_decode', id, cause: expect.any(Error) }))
})

test('fields that are unknown are ignored', () => {
  const text = '{"mediaType":"text/plain","byteLength":5,"id":"other","generation":9,"etag":"x"}'
  expect(decodeStoredMeta(key, text)).toStrictEqual({ id, mediaType: 'text/plain', byteLength: 5 })
})
