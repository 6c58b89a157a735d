import { expect, test } from 'vitest'
import { expectNoTraces, get, openGround, type RequestBody, traces, url } from './ground.ts'

/*
 * What is uploaded to break out, and what each gets: the answer, what it is stored as, and how it is served. Whatever
 * is served has a sandbox of its own and is not sniffed, see download.test.ts.
 */

const crlf = '\r\n'

function part(headers: string, body: string): string {
  return `--b${crlf}${headers}${crlf}${crlf}${body}${crlf}`
}

function file(disposition: string, body = 'text', type = ''): string {
  return part(`Content-Disposition: form-data; name=f; ${disposition}${type && `${crlf}Content-Type: ${type}`}`, body)
}

const script = '<script>alert(document.domain)</script>'
const gif = 'GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0;'
const archive = 'PK\x03\x04\x14\0\0\0\0\0'

test.each<[string, string, string, string, string]>([
  ['a page', file('filename=a.html', script, 'text/html'), 'text/html', 'a.html', 'attachment; filename=a.html'],
  ['a page as a picture', file('filename=a.png', script, 'image/png'), 'text/plain', 'a.png', 'inline; filename=a.png'],
  ['a page as text', file('filename=a.txt', script, 'text/plain'), 'text/plain', 'a.txt', 'inline; filename=a.txt'],
  ['a page without a type', file('filename=a.html', script), 'text/plain', 'a.html', 'inline; filename=a.html'],
  [
    'a drawing that runs',
    file('filename=a.svg', '<svg onload="alert(1)"/>', 'image/svg+xml'),
    'image/svg+xml',
    'a.svg',
    'attachment; filename=a.svg',
  ],
  [
    'a drawing as a picture',
    file('filename=a.png', '<svg onload="alert(1)"/>', 'image/png'),
    'text/plain',
    'a.png',
    'inline; filename=a.png',
  ],
  [
    'XML with a style that runs',
    file('filename=a.xml', '<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>', 'text/xml'),
    'text/xml',
    'a.xml',
    'attachment; filename=a.xml',
  ],
  [
    'XML that calls itself film',
    file('filename=a.mp4', `<a xmlns="http://www.w3.org/1999/xhtml">${script}</a>`, 'video/x+xml'),
    'video/x+xml',
    'a.mp4',
    'attachment; filename=a.mp4',
  ],
  [
    'a script',
    file('filename=a.js', 'alert(1)', 'text/javascript'),
    'text/javascript',
    'a.js',
    'attachment; filename=a.js',
  ],
  [
    'a picture that is a page',
    file('filename=a.gif', gif + script, 'text/html'),
    'image/gif',
    'a.gif',
    'inline; filename=a.gif',
  ],
  [
    'a picture that is a program (GIFAR)',
    file('filename=a.jar', gif + archive, 'application/java-archive'),
    'image/gif',
    'a.jar',
    'inline; filename=a.jar',
  ],
  [
    'a picture that is a script',
    file('filename=a.gif', 'GIF89a=1;alert(1)', 'image/gif'),
    'text/plain',
    'a.gif',
    'inline; filename=a.gif',
  ],
  [
    'a document that is a page',
    file('filename=a.pdf', `%PDF-1.4\n${script}`, 'text/html'),
    'application/pdf',
    'a.pdf',
    'attachment; filename=a.pdf',
  ],
  [
    'a program as a picture',
    file('filename=a.png', 'MZ\x90\0\x03\0\0\0', 'image/png'),
    'application/x-msdownload',
    'a.png',
    'attachment; filename=a.png',
  ],
  [
    'a type of many parts',
    file('filename=a', 'text', 'multipart/x-mixed-replace'),
    'multipart/x-mixed-replace',
    'a',
    'attachment; filename=a',
  ],
  ['a type with a header', file('filename=a', 'text', 'text/plain\x01;x'), '400 malformed', '', ''],
  [
    'a type with a broken line',
    file('filename=a', 'text', 'text/css\rSet-Cookie: a=b'),
    'text/plain',
    'a',
    'inline; filename=a',
  ],
  ['a type with half a line end', file('filename=a', 'text', 'text/css\nSet-Cookie: a=b'), '400 malformed', '', ''],
  ['an endless type', file('filename=a', 'text', `text/${'x'.repeat(1000)}`), 'text/plain', 'a', 'inline; filename=a'],
  ['a path', file('filename="../../../etc/passwd"'), 'text/plain', 'passwd', 'inline; filename=passwd'],
  ['a path of Windows', file('filename="C:\\\\temp\\\\..\\\\a.txt"'), 'text/plain', 'a.txt', 'inline; filename=a.txt'],
  ['a path that is encoded', file("filename*=UTF-8''..%2F..%2Fa.txt"), 'text/plain', 'a.txt', 'inline; filename=a.txt'],
  ['only a path', file('filename="../.."'), 'text/plain', '', 'inline'],
  ['a name with NUL', file("filename*=UTF-8''a%00.txt"), 'text/plain', 'a.txt', 'inline; filename=a.txt'],
  ['a name with a raw NUL', file('filename="a\0.txt"'), '400 malformed', '', ''],
  [
    'a name with a header',
    file("filename*=UTF-8''a%0D%0ASet-Cookie:%20a=b"),
    'text/plain',
    'aSet-Cookie: a=b',
    'inline; filename="aSet-Cookie: a=b"',
  ],
  [
    'a name of a browser with line ends',
    file('filename="a%0D%0Ab.txt"'),
    'text/plain',
    'ab.txt',
    'inline; filename=ab.txt',
  ],
  [
    'a name with a quote',
    file('filename="a%22; filename=b"'),
    'text/plain',
    'a"; filename=b',
    'inline; filename="a\\"; filename=b"',
  ],
  [
    'a name that reads backwards',
    file("filename*=UTF-8''a%E2%80%AEgnp.exe"),
    'text/plain',
    'agnp.exe',
    'inline; filename=agnp.exe',
  ],
  ['half a character', file("filename*=UTF-8''%ED%A0%80"), '400 malformed', '', ''],
  ['an endless name', file(`filename=${'n'.repeat(20_000)}`), '400 malformed', '', ''],
  [
    'a very long name',
    file(`filename=${'n'.repeat(10_000)}.txt`),
    'text/plain',
    `${'n'.repeat(956)}.txt`,
    `inline; filename=${'n'.repeat(956)}.txt`,
  ],
  ['two names', file('filename=a; filename=b'), 'text/plain', 'a', 'inline; filename=a'],
  [
    'two dispositions',
    part(`Content-Disposition: form-data; name=f; filename=a${crlf}Content-Disposition: form-data; name=f`, ''),
    '400 malformed',
    '',
    '',
  ],
  ['no form-data', part('Content-Disposition: attachment; filename=a', 'text'), '400 malformed', '', ''],
  ['10,000 files', file('filename=a').repeat(10_000), '413 too_many_files', '', ''],
  ['10,000 fields', part('Content-Disposition: form-data; name=f', '').repeat(10_000), '413 too_large', '', ''],
  ['10,000 headers', part('X: y\r\n'.repeat(10_000), 'text'), '400 malformed', '', ''],
  [
    'a form in a form',
    file('filename=a', `--c${crlf}${crlf}--c--`, 'multipart/mixed; boundary=c'),
    'multipart/mixed; boundary=c',
    'a',
    'attachment; filename=a',
  ],
])('%s', async (_what, form, mediaTypeOrProblem, label, disposition) => {
  const ground = openGround()
  const response = await postForm(ground.handler, `${form}--b--${crlf}`)
  const answer = (await response.json()) as {
    code?: string
    attachments?: { id: string; mediaType: string; label?: string }[]
  }
  const [ref] = answer.attachments ?? []
  if (ref === undefined) {
    expect(`${response.status} ${answer.code}`).toBe(mediaTypeOrProblem)
    await expectNoTraces(ground)
    return
  }
  const served = await get(ground, ref.id)
  expect([ref.mediaType, ref.label ?? '', served.headers.get('Content-Disposition')]).toEqual([
    mediaTypeOrProblem,
    label,
    disposition,
  ])
  expect(served.headers.get('Set-Cookie')).toBeNull()
  expect(served.headers.get('Content-Security-Policy')).toMatch(/^sandbox( allow-same-origin)?; default-src 'none';/)
  expect(served.headers.get('X-Content-Type-Options')).toBe('nosniff')
})

test.each<[string, string]>([
  ['without its last boundary', file('filename=a').trimEnd()],
  ['cut in the last boundary', `${file('filename=a')}--b`],
  ['cut in a boundary', `${file('filename=a')}--`],
  ['cut in headers', `${file('filename=a')}--b${crlf}Content-Disposition: form-data`],
  [
    'cut after headers',
    `${file('filename=a')}--b${crlf}Content-Disposition: form-data; name=f; filename=b${crlf}${crlf}`,
  ],
  ['empty', ''],
])('a form that is %s is malformed, and leaves nothing', async (_what, form) => {
  const ground = openGround()
  const response = await postForm(ground.handler, form)
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'malformed'])
  await expectNoTraces(ground)
})

test('what comes behind a form is no part of it', async () => {
  const ground = openGround()
  const form = `${file('filename=a', 'a')}--b--${crlf}${file('filename=b', 'b')}--b--`
  expect((await postForm(ground.handler, form)).status).toBe(201)
  expect((await traces(ground)).refs).toHaveLength(1)
})

function postForm(handler: { fetch(request: Request): Promise<Response> }, form: string): Promise<Response> {
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' }
  const body: RequestBody = Buffer.from(form, 'latin1')
  return handler.fetch(new Request(url, { method: 'POST', headers, body }))
}
