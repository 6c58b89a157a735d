import { attachmentUrl, parseAttachmentUrl } from '@lash/attachments-ai-sdk'
import { AttachmentInvalidArgumentError, type AttachmentRef } from '@lash/attachments-core'
import { expect, test } from 'vitest'

const id = '0a'.repeat(32)

test.each<[ref: AttachmentRef, url: string]>([
  [{ id, mediaType: 'x/y', byteLength: 5 }, `attachment:${id}?bytes=5`],
  [{ id, mediaType: 'x/y', byteLength: 0, generation: 3 }, `attachment:${id}?bytes=0&generation=3`],
])('the URL of %o is %s, and reads back', (ref, url) => {
  expect(attachmentUrl(ref)).toBe(url)
  expect(new URL(url).href).toBe(url)
  const { byteLength, generation = 0 } = ref
  expect(parseAttachmentUrl(url)).toEqual({ id, byteLength, generation })
})

test('an id alone is read too', () => {
  expect(parseAttachmentUrl(`attachment:${id}`)).toEqual({ id, byteLength: undefined, generation: 0 })
  expect(parseAttachmentUrl(new URL(`attachment:${id}?other=1`))?.id).toBe(id)
})

test.each(['https://example.com', 'data:,', '', id])('%j is no URL of an attachment', url => {
  expect(parseAttachmentUrl(url)).toBeUndefined()
})

test.each([
  '',
  '0a',
  id.toUpperCase(),
  `${id}0`,
  `${id}/x`,
  `${id}?bytes=`,
  `${id}?bytes=-1`,
  `${id}?bytes=1e3`,
  `${id}?bytes=5&generation=x`,
  `${id}#as=base64`,
  `//${id}`,
])('attachment:%s is malformed', rest => {
  expect(() => parseAttachmentUrl(`attachment:${rest}`)).toThrow(AttachmentInvalidArgumentError)
})
