import type { AttachmentId, AttachmentMeta, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { create as disposition } from 'content-disposition'
import { fileName } from '../file-name.ts'
import { essenceOf, isInline, isPlayed } from '../media-type.ts'
import type { HandlerSettings } from '../options.ts'
import { HttpProblem, notFound } from '../problem.ts'
import { type ByteRange, rangeIn } from './range.ts'
import { sending } from './sending.ts'

/**
 * Where the bytes are shown as a page of their own, it is one without scripts and forms, which loads nothing but
 * itself, and has no origin. Only sound and film keep theirs: their page asks for their bytes once more, and without an
 * origin that is refused.
 */
const loaded = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'"
const contentSecurityPolicy = `sandbox; ${loaded}`
const contentSecurityPolicyOfPlayed = `sandbox allow-same-origin; ${loaded}`

/** Answers `GET` and `HEAD` of one attachment. The caller turns what this throws into an answer. */
export async function download(
  request: Request,
  session: SessionScopedAttachmentStore,
  id: AttachmentId,
  settings: HandlerSettings,
): Promise<Response> {
  const { signal } = request
  const headers = {
    ETag: `"${id}"`,
    'Cache-Control': 'private, max-age=31536000, immutable',
    'Cross-Origin-Resource-Policy': settings.crossOriginResourcePolicy,
  }
  const isHead = request.method === 'HEAD'
  const noneMatch = request.headers.get('If-None-Match')
  const rangeHeader = isHead || !mayRange(request, id) ? null : request.headers.get('Range')
  if (noneMatch !== null || rangeHeader !== null) {
    const ref = await session.ref(id, { signal })
    if (ref === undefined) throw notFound()
    if (noneMatch !== null && isMatched(noneMatch, id)) return new Response(null, { status: 304, headers })
    const range = rangeIn(rangeHeader, ref.byteLength)
    if (range === 'unsatisfiable') {
      const unsatisfied = { 'Content-Range': `bytes */${ref.byteLength}` }
      throw new HttpProblem(416, 'range_not_satisfiable', `there are ${ref.byteLength} bytes`, unsatisfied)
    }
    if (range !== undefined) return send(request, session, id, settings, headers, range)
  }
  if (!isHead) return send(request, session, id, settings, headers)
  const meta = await session.stat(id, { signal })
  if (meta === undefined) throw notFound()
  return new Response(null, { headers: { ...headers, ...headersOf(meta, meta.byteLength) } })
}

async function send(
  request: Request,
  session: SessionScopedAttachmentStore,
  id: AttachmentId,
  settings: HandlerSettings,
  headers: Record<string, string>,
  range?: ByteRange,
): Promise<Response> {
  const { signal } = request
  const { meta, body } = await session.stream(id, { ...range, signal })
  const { start, end } = range ?? { start: 0, end: meta.byteLength }
  const reader = body.getReader()
  // Before the status is sent, so that it can still say what is wrong. Bytes that fit one chunk are verified by then.
  const first = (await reader.read()).value ?? new Uint8Array(0)
  const isWhole = first.byteLength === end - start
  if (isWhole) await reader.cancel()
  const onError = (error: unknown) => {
    if (!signal.aborted) settings.onError(error, request)
  }
  return new Response(
    isWhole ? (first as Uint8Array<ArrayBuffer>) : sending(first, reader, settings.idleTimeoutMs, onError),
    {
      status: range === undefined ? 200 : 206,
      headers: {
        ...headers,
        ...headersOf(meta, end - start),
        ...(range && { 'Content-Range': `bytes ${start}-${end - 1}/${meta.byteLength}` }),
      },
    },
  )
}

/** What the metadata says comes from clients and models, and no header may be made of it as it is. */
function headersOf(meta: AttachmentMeta, length: number): Record<string, string> {
  const { mediaType } = meta
  const hasCharset = essenceOf(mediaType) !== 'text/plain' || /;[ \t]*charset=/i.test(mediaType)
  return {
    'Accept-Ranges': 'bytes',
    'Content-Type': hasCharset ? mediaType : `${mediaType}; charset=utf-8`,
    'Content-Length': `${length}`,
    'Content-Disposition': disposition(fileName(meta.label), { type: isInline(mediaType) ? 'inline' : 'attachment' }),
    'Content-Security-Policy': isPlayed(mediaType) ? contentSecurityPolicyOfPlayed : contentSecurityPolicy,
    'X-Content-Type-Options': 'nosniff',
  }
}

/** Whether `If-Range`, if there is one, names these very bytes. A date or a weak tag never does. */
function mayRange(request: Request, id: AttachmentId): boolean {
  const tag = request.headers.get('If-Range')
  return tag === null || tag.trim() === `"${id}"`
}

/** Whether `If-None-Match` names the bytes: by a tag, weak or not, or by `*` (RFC 9110, 13.1.2). */
function isMatched(header: string, id: AttachmentId): boolean {
  if (header.trim() === '*') return true
  return header.split(',').some(tag => tag.trim().replace(/^W\//, '') === `"${id}"`)
}
