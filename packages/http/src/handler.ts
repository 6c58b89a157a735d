import { type AttachmentId, isAttachmentId, type SessionScopedAttachmentStore } from '@lash/attachments-core'
import { checkOrigin } from './cross-origin.ts'
import { download } from './download/download.ts'
import { type AttachmentHandlerOptions, checkOptions, type HandlerSettings } from './options.ts'
import { HttpProblem, notFound, problemOf } from './problem.ts'
import { upload } from './upload/upload.ts'

export interface AttachmentHandler {
  /**
   * Answers one request. Never rejects. May be taken off the handler and given to a server as it is. What was not read
   * of a request's body is left to the server.
   */
  readonly fetch: (request: Request) => Promise<Response>
}

/** The routes: where uploads go, and each attachment. */
type Route = { id: AttachmentId | undefined; allowed: readonly string[] }

const onCollection: readonly string[] = ['POST', 'OPTIONS']
const onAttachment: readonly string[] = ['GET', 'HEAD', 'DELETE', 'OPTIONS']

/**
 * A handler that takes uploads into the view of a session, and serves and releases what the view has.
 * @throws AttachmentInvalidArgumentError when an option is unknown, missing, or out of its range.
 */
export function createAttachmentHandler(options: AttachmentHandlerOptions): AttachmentHandler {
  const settings = checkOptions(options)
  return {
    async fetch(request) {
      const response = await answer(request, settings).catch(error => failure(error, request, settings))
      return request.method === 'HEAD' && response.body !== null ? withoutBody(response) : response
    },
  }
}

async function answer(request: Request, settings: HandlerSettings): Promise<Response> {
  const { method } = request
  const route = routeOf(request, settings.basePath)
  if (route === undefined) throw notFound()
  const { id, allowed } = route
  const allow = { Allow: allowed.join(', ') }
  if (!allowed.includes(method)) {
    throw new HttpProblem(405, 'method_not_allowed', `this takes ${allow.Allow}`, allow)
  }
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: allow })
  if (method === 'POST' || method === 'DELETE') checkOrigin(request, settings.trustedOrigins)
  const session = await settings.session(request)
  if (!session) throw notFound()
  if (session instanceof Response) return session
  if (id === undefined) return upload(request, session, settings)
  if (method === 'DELETE') return letGo(session, id)
  return download(request, session, id, settings)
}

async function letGo(session: SessionScopedAttachmentStore, id: AttachmentId): Promise<Response> {
  await session.release([id])
  return new Response(null, { status: 204 })
}

/** Undefined for a path that is none of ours. What cannot be an id is no path. */
function routeOf(request: Request, basePath: string): Route | undefined {
  const { pathname } = new URL(request.url)
  if (!pathname.startsWith(basePath)) return undefined
  const rest = pathname.slice(basePath.length)
  if (rest === '' || rest === '/') return { id: undefined, allowed: onCollection }
  const id = rest.slice(1)
  return rest.startsWith('/') && isAttachmentId(id) ? { id, allowed: onAttachment } : undefined
}

function failure(error: unknown, request: Request, { onError }: HandlerSettings): Response {
  const problem = problemOf(error)
  if (problem.status === 500 && !request.signal.aborted) {
    try {
      onError(error, request)
    } catch (failed) {
      console.error(failed)
    }
  }
  return problem.toResponse()
}

function withoutBody({ status, headers, body }: Response): Response {
  body?.cancel().catch(() => {})
  return new Response(null, { status, headers })
}
