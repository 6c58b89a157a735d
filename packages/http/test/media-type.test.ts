import { expect, test } from 'vitest'
import { formOf, openGround, post, refsOf } from './ground.ts'

/** What a file is stored as, by its first bytes and by what the client says. */

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const png = latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\0IDAT')
const jpeg = latin1('\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0')
const gif = latin1('GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0!\xf9\x04\0\0\0\0\0,')
const webp = latin1('RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0')
const pdf = latin1('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n')
const mp4 = latin1('\0\0\0\x18ftypmp42\0\0\0\0mp42isom')
const m4a = latin1('\0\0\0\x18ftypM4A \0\0\0\0M4A mp42')
const webm = latin1(
  '\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm',
)
const mp3 = Buffer.concat([latin1('ID3\x03\0\0\0\0\0\0\xff\xfb\x90\x64'), Buffer.alloc(400)])
/** Its directory is behind the bytes that are looked at, as many programs write it. */
const tiff = Buffer.concat([latin1('II*\0\0\0\x10\0'), Buffer.alloc(5000, 1)])
const wav = latin1('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0')
const gzip = latin1('\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0')
const cfb = Buffer.concat([latin1('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'), Buffer.alloc(504)])
const zip = zipOf('notes.bin')
const docx = zipOf('word/document.xml')
const nul = latin1('a\0b')

const docxType = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const unknown = 'application/octet-stream'

test.each<[string, Uint8Array | string, string | undefined, string]>([
  ['missing', png, undefined, 'image/png'],
  ['missing', jpeg, '', 'image/jpeg'],
  ['no claim', webp, unknown, 'image/webp'],
  ['no media type', gif, 'gif', 'image/gif'],
  ['not a media type', gif, 'image/gif\u0100', 'image/gif'],
  ['too long', gif, `image/${'x'.repeat(300)}`, 'image/gif'],
  ['right', png, 'image/png', 'image/png'],
  ['right, in capitals', png, 'IMAGE/PNG', 'IMAGE/PNG'],
  ['right, with a parameter', webm, 'video/webm;codecs=vp9', 'video/webm;codecs=vp9'],
  ['wrong', jpeg, 'image/png', 'image/jpeg'],
  ['wrong', png, 'text/html', 'image/png'],
  ['a wrong name of it', jpeg, 'image/jpg', 'image/jpeg'],
  ['a wrong name of it', mp3, 'audio/mp3', 'audio/mpeg'],
  ['another name of it', wav, 'audio/vnd.wave', 'audio/vnd.wave'],
  ['sound in a container of film', mp4, 'audio/mp4', 'audio/mp4'],
  ['film, where there is but sound', m4a, 'audio/mp4', 'audio/mp4'],
  ['sound in a container of film', webm, 'audio/webm;codecs=opus', 'audio/webm;codecs=opus'],
  ['a document in an archive', zip, docxType, docxType],
  ['another document in an archive', docx, 'application/zip', docxType],
  ['an archive', zip, undefined, 'application/zip'],
  ['an old document', cfb, 'application/msword', 'application/msword'],
  ['an old document, unnamed', cfb, undefined, 'application/x-cfb'],
  ['an encrypted document', cfb, docxType, docxType],
  ['a kind of XML', '<?xml version="1.0"?><svg/>', 'image/svg+xml', 'image/svg+xml'],
  ['no kind of XML', '<?xml version="1.0"?><svg/>', 'text/html', 'application/xml'],
  ['XML, unnamed', '<?xml version="1.0"?><svg/>', undefined, 'application/xml'],
  ['XML without its declaration', '<feed/>', 'application/xml', 'application/xml'],
  ['compressed', gzip, 'application/x-gzip', 'application/x-gzip'],
  ['refuted by text', '<script>alert(1)</script>', 'image/png', 'text/plain'],
  ['refuted by bytes', nul, 'image/png', unknown],
  ['refuted by bytes', nul, 'text/plain', unknown],
  ['refuted by bytes', nul, 'text/html', unknown],
  ['text of a type without signature', 'a,b\n', 'text/csv', 'text/csv'],
  ['text of a type without signature', '{"a":1}', 'application/json', 'application/json'],
  ['text of a type without signature', '<p>', 'text/html; charset=utf-8', 'text/html; charset=utf-8'],
  ['text of a type without signature', '<svg/>', 'image/svg+xml', 'image/svg+xml'],
  ['text', 'hello', undefined, 'text/plain'],
  ['text', 'grüße', unknown, 'text/plain'],
  ['text of an older encoding', latin1('gr\xfc\xdfe'), undefined, 'text/plain'],
  ['text in UTF-16', latin1('\xff\xfeh\0i\0'), undefined, 'text/plain'],
  ['text that begins like a picture', 'BMI,age\n22,40\n', 'text/csv', 'text/csv'],
  ['text that begins like a picture', 'GIF89a=1;alert(1)', 'image/gif', 'text/plain'],
  ['text that begins like a program', 'MZ is a name', undefined, 'text/plain'],
  ['nothing', '', undefined, 'text/plain'],
  ['nothing', '', 'image/png', 'text/plain'],
  ['a page behind a document', '%PDF-1.4\n<html><script>alert(1)</script>', 'text/html', 'application/pdf'],
  ['an archive behind a picture', Buffer.concat([gif, zip]), 'application/java-archive', 'image/gif'],
  ['a page in a picture', Buffer.concat([gif, Buffer.from('<script>alert(1)</script>')]), 'text/html', 'image/gif'],
  ['a picture of which little is seen', tiff, undefined, 'image/tiff'],
  ['a picture of which little is seen', tiff, 'image/x-adobe-dng', 'image/x-adobe-dng'],
  ['a document', pdf, 'application/pdf', 'application/pdf'],
])('%s: %# is stored as what it is', async (_what, bytes, claimed, expected) => {
  const ground = openGround({}, { inMemory: true })
  const headers: Record<string, string> = { 'Content-Type': claimed ?? '' }
  const raw = claimed?.includes('\u0100') ? [] : await refsOf(await post(ground, Buffer.from(bytes), headers))
  const part = { bytes: new Uint8Array(Buffer.from(bytes)), name: 'a', type: claimed ?? '' }
  const inForm = await refsOf(await post(ground, formOf(part)))
  // A Blob has its type in lower case.
  for (const { mediaType } of raw) expect(mediaType).toBe(expected)
  expect(inForm[0]?.mediaType.toLowerCase()).toBe(expected.toLowerCase())
})

/** An archive of one file that is not compressed. */
function zipOf(name: string): Buffer {
  const bytes = Buffer.alloc(6000, 1)
  const header = Buffer.alloc(30)
  header.write('PK\x03\x04', 'latin1')
  header.writeUInt16LE(20, 4)
  header.writeUInt32LE(bytes.byteLength, 18)
  header.writeUInt32LE(bytes.byteLength, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name), bytes])
}
