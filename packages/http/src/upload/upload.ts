import type { AttachmentMeta, AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { joined } from '@lash/attachments-core/backend'
import { parse as parseDisposition } from 'content-disposition'
import { fileName } from '../file-name.ts'
import { essenceOf, isAccepted } from '../media-type.ts'
import type { HandlerSettings } from '../options.ts'
import { HttpProblem, malformed, tooLarge } from '../problem.ts'
import { AllOrNothing } from './all-or-nothing.ts'
import { FormReader } from './form-data.ts'
import { RequestBody } from './request-body.ts'
import { sniffedBytes, trueMediaType } from './true-media-type.ts'

/** Most text fields of a form. */
const maxFields = 100
/** Most bytes of the names and values of all text fields of a form. */
const maxFieldBytes = 64 * 1024
/** What the boundaries and headers of parts may take in a form, each and together; more is no form of a few files. */
const maxPartOverheadBytes = 32 * 1024

/** A file as it comes: what the client says of it, and its bytes. */
interface IncomingFile {
  name: string | undefined
  mediaType: string | undefined
  next(): Promise<Uint8Array | undefined>
}

/** Answers a `POST`: all files of the request are kept, or none. The caller turns what this throws into an answer. */
export async function upload(
  request: Request,
  session: SessionScopedAttachmentStore,
  settings: HandlerSettings,
): Promise<Response> {
  const maxByteLength = Math.min(settings.maxByteLength, session.maxByteLength ?? Number.POSITIVE_INFINITY)
  const limited: HandlerSettings = { ...settings, maxByteLength }
  checkLength(request, limited)
  const { signal } = request
  const files = new AllOrNothing(session, signal)
  const body = new RequestBody(request, settings.idleTimeoutMs)
  const fields = new URLSearchParams()
  try {
    let count = 0
    for await (const file of incomingFiles(request, body, fields, limited)) {
      await take(file, files, request, session, limited)
      count++
    }
    if (count === 0) throw malformed('there is no file in the form')
    body.release()
    const refs = await files.keep(refs => commit(refs, request, session, fields, settings))
    return created(refs, settings)
  } catch (error) {
    await files.discard().catch(failure => settings.onError(failure, request))
    throw error
  } finally {
    body.release()
  }
}

function created(refs: readonly AttachmentRef[], { basePath }: HandlerSettings): Response {
  const [only] = refs
  return new Response(JSON.stringify({ attachments: refs }), {
    status: 201,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(refs.length === 1 && only && { Location: `${basePath}/${only.id}` }),
    },
  })
}

/** Refuses by its length what cannot be taken, before anything is read. */
function checkLength(request: Request, { maxByteLength, maxFiles }: HandlerSettings): void {
  const length = Number(request.headers.get('Content-Length') ?? 0)
  const most = isForm(request) ? (maxByteLength + maxPartOverheadBytes) * maxFiles + 2 * maxFieldBytes : maxByteLength
  if (length > most) throw tooLarge(maxByteLength)
}

function isForm(request: Request): boolean {
  return essenceOf(request.headers.get('Content-Type') ?? '') === 'multipart/form-data'
}

async function* incomingFiles(
  request: Request,
  body: RequestBody,
  fields: URLSearchParams,
  { maxFiles }: HandlerSettings,
): AsyncGenerator<IncomingFile, void, void> {
  const { headers } = request
  const coding = headers.get('Content-Encoding')
  if (coding !== null && coding !== 'identity') {
    throw new HttpProblem(415, 'unsupported_media_type', 'send the bytes without a content coding')
  }
  const contentType = headers.get('Content-Type') ?? ''
  if (isForm(request)) {
    yield* filesOf(new FormReader(body, contentType), fields, maxFiles)
    return
  }
  if (essenceOf(contentType) === 'application/x-www-form-urlencoded') {
    throw new HttpProblem(415, 'unsupported_media_type', 'send multipart/form-data, or the bytes of a file')
  }
  const disposition = headers.get('Content-Disposition')
  if (request.body === null && contentType === '' && disposition === null) {
    throw malformed('send multipart/form-data, or the bytes of a file')
  }
  const { filename } = parseDisposition(disposition ?? '').parameters
  yield { name: filename, mediaType: contentType, next: () => body.next() }
}

async function* filesOf(
  form: FormReader,
  fields: URLSearchParams,
  maxFiles: number,
): AsyncGenerator<IncomingFile, void, void> {
  let files = 0
  let fieldCount = 0
  let left = maxFieldBytes
  for (let part = await form.nextPart(); part !== undefined; part = await form.nextPart()) {
    const { name, fileName, mediaType, next } = part
    if (fileName === undefined) {
      fieldCount++
      if (fieldCount > maxFields) throw new HttpProblem(413, 'too_large', `a form may have ${maxFields} text fields`)
      const value = new TextDecoder()
      let text = ''
      left -= name.length
      for (let bytes = await next(); bytes !== undefined; bytes = await next()) {
        left -= bytes.byteLength
        if (left < 0) throw new HttpProblem(413, 'too_large', `the text fields may have ${maxFieldBytes} bytes`)
        text += value.decode(bytes, { stream: true })
      }
      fields.append(name, text + value.decode())
      continue
    }
    const first = await next()
    // What a browser sends of a file input that was left empty.
    if (fileName === '' && first === undefined) continue
    files++
    if (files > maxFiles) throw new HttpProblem(413, 'too_many_files', `a request may have ${maxFiles} files`)
    yield { name: fileName, mediaType, next: before(first, next) }
  }
}

/** As `next`, with a first chunk that was read already. */
function before(first: Uint8Array | undefined, next: IncomingFile['next']): IncomingFile['next'] {
  let isFirst = true
  return async () => {
    if (!isFirst) return next()
    isFirst = false
    return first
  }
}

async function take(
  file: IncomingFile,
  files: AllOrNothing,
  request: Request,
  session: SessionScopedAttachmentStore,
  { maxByteLength, accept, inspect }: HandlerSettings,
): Promise<void> {
  const { signal } = request
  const chunks = limitedTo(maxByteLength, file)
  const head = await headOf(chunks)
  const mediaType = await trueMediaType(file.mediaType, head)
  if (!isAccepted(mediaType, accept)) {
    throw new HttpProblem(415, 'unsupported_media_type', `${essenceOf(mediaType)} is not accepted here`)
  }
  const name = fileName(file.name)
  const meta = { mediaType, ...(name !== undefined && { label: name }) }
  const content = await session.prepare(continued(head, chunks), { signal })
  try {
    const { id, byteLength } = content
    const described: AttachmentMeta = { id, byteLength, ...meta }
    await inspect?.(content, described, { request, signal })
  } catch (error) {
    await content[Symbol.asyncDispose]()
    throw error
  }
  await files.add(content, meta)
}

/** Fails with the first byte too many. */
function limitedTo(maxByteLength: number, file: IncomingFile): IncomingFile['next'] {
  let byteLength = 0
  return async () => {
    const chunk = await file.next()
    byteLength += chunk?.byteLength ?? 0
    if (byteLength > maxByteLength) throw tooLarge(maxByteLength)
    return chunk
  }
}

/** At least as many bytes as are looked at for the media type, if there are so many. */
async function headOf(next: IncomingFile['next']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  while (byteLength < sniffedBytes) {
    const chunk = await next()
    if (chunk === undefined) break
    // A copy, since a chunk is valid until the next.
    chunks.push(new Uint8Array(chunk))
    byteLength += chunk.byteLength
  }
  return joined(chunks, byteLength)
}

/** What was read for a look, and the rest. */
async function* continued(head: Uint8Array, next: IncomingFile['next']): AsyncGenerator<Uint8Array, void, void> {
  yield head
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk
}

async function commit(
  refs: AttachmentRef[],
  request: Request,
  session: SessionScopedAttachmentStore,
  fields: URLSearchParams,
  { commit }: HandlerSettings,
): Promise<void> {
  if (commit === true) await session.commit({ refs })
  if (typeof commit !== 'function') return
  await commit(refs, { request, session, fields, signal: request.signal })
  session.markManifestCommitted(refs.map(({ id }) => id))
}
