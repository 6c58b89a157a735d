import {
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
  contentId,
} from '@lash/attachments-core'
import { maxDimension } from '@lash/attachments-core/backend'
import { describe, expect, test } from 'vitest'
import { decodeMetadata, encodeMetadata } from '../../src/store/object-metadata.ts'

const id = contentId(new Uint8Array(0))
const roundTrip = (meta: AttachmentMeta) => decodeMetadata(id, encodeMetadata(meta))

describe('metadata of an object', () => {
  test.each([
    ['nothing but a type', { mediaType: 'image/png' }],
    ['everything', { mediaType: 'text/plain; charset="a b\\"c"', width: 0, height: maxDimension, label: 'a.txt' }],
    ['an empty label', { mediaType: 'a/b', label: '' }],
    ['a label that looks encoded', { mediaType: 'a/b', label: '=%41%' }],
    ['a label with line breaks and spaces', { mediaType: 'a/b', label: '  a\r\nb\t  ' }],
    ['a label beyond ASCII', { mediaType: 'a/b', label: '\ufeffnaïve – 名.png 🎉' }],
  ])('%s comes back as it was', (_name, given) => {
    const meta = { id, byteLength: 7, ...given }
    expect(roundTrip(meta)).toEqual(meta)
  })

  test('the largest of all fits what S3 and its lookalikes take', () => {
    const mediaType = `a/${'%'.repeat(253)}`
    for (const label of ['é'.repeat(512), '名'.repeat(341), '%'.repeat(1024), 'a'.repeat(1024)]) {
      const meta = {
        id,
        byteLength: Number.MAX_SAFE_INTEGER,
        mediaType,
        label,
        width: maxDimension,
        height: maxDimension,
      }
      const fields = Object.entries(encodeMetadata(meta))
      const total = fields.reduce((sum, [name, value]) => sum + `x-amz-meta-${name}${value}`.length, 0)
      expect(total).toBeLessThan(2048)
      for (const [, value] of fields) expect(value).toMatch(/^[!-~]{1,256}$/)
      expect(roundTrip(meta)).toEqual(meta)
    }
  })

  test('an object without metadata of ours is told apart from one whose metadata is damaged', () => {
    expect(() => decodeMetadata(id, undefined)).toThrow(AttachmentMissingMetaError)
    expect(() => decodeMetadata(id, { 'somebody-elses': '1' })).toThrow(AttachmentMissingMetaError)
    const good = encodeMetadata({ id, byteLength: 1, mediaType: 'a/b', label: 'é'.repeat(300) })
    for (const damaged of [
      { ...good, 'lash-type': '%' },
      { ...good, 'lash-type': 'not a type' },
      { ...good, 'lash-size': '-1' },
      { ...good, 'lash-size': undefined as never },
      { ...good, 'lash-width': '1e3' },
      { ...good, 'lash-label': '=____' },
    ]) {
      expect(() => decodeMetadata(id, damaged)).toThrow(AttachmentMetadataDecodeError)
    }
  })
})
