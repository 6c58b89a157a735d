import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { describe, expect, test } from 'vitest'
import { type ContentDisposition, contentDisposition } from '../../src/store/content-disposition.ts'

describe('content disposition', () => {
  test.each<[string | ContentDisposition, string]>([
    ['attachment', 'attachment'],
    ['inline; filename="a.png"', 'inline; filename="a.png"'],
    [{}, 'attachment'],
    [{ type: 'inline' }, 'inline'],
    [{ filename: 'report.pdf' }, 'attachment; filename="report.pdf"'],
    [{ filename: 'naïve (1).txt' }, `attachment; filename="na_ve (1).txt"; filename*=UTF-8''na%C3%AFve%20%281%29.txt`],
    [
      { filename: '../../etc/"x"\r\nSet-Cookie: a' },
      `attachment; filename=".._.._etc__x___Set-Cookie: a"; filename*=UTF-8''.._.._etc_%22x%22__Set-Cookie%3A%20a`,
    ],
  ])('%j is %s', (wanted, header) => {
    expect(contentDisposition(wanted)).toBe(header)
  })

  test.each<[unknown]>([
    ['attachment; filename="é"'],
    ['attachment\r\nSet-Cookie: a=b'],
    ['form-data'],
    [''],
    [{ type: 'other' }],
    [{ filename: '' }],
    [{ filename: 'a'.repeat(256) }],
    [{ filename: '\ud800' }],
  ])('%j is refused', wanted => {
    expect(() => contentDisposition(wanted as string)).toThrow(AttachmentInvalidArgumentError)
  })
})
