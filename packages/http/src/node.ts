import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createRequestListener } from '@remix-run/node-fetch-server'
import type { AttachmentHandler } from './handler.ts'
import { malformed } from './problem.ts'

/** How long a client that goes on sending after its answer may be silent, and how long and how much it may send. */
const lingerSilenceMs = 1000
const lingerMs = 10_000
const lingerBytes = 64 * 1024 * 1024

/**
 * The handler as a listener of `node:http`, and as a handler of Express. Mount it for all methods and for all paths
 * below `basePath`, which is compared with the path that the client asked for.
 */
export function toNodeListener(handler: AttachmentHandler): RequestListener {
  return (req: IncomingMessage & { originalUrl?: string }, res: ServerResponse) => {
    // Express takes the path off at which something is mounted.
    if (req.originalUrl !== undefined) req.url = req.originalUrl
    const answer = async (request: Request) => {
      const response = await handler.fetch(request)
      return req.complete || req.httpVersionMajor !== 1 ? response : lingering(response, request, req)
    }
    createRequestListener(answer, { onError })(req, res)
  }
}

/**
 * The handler itself never rejects, and has told its own `onError` of a download that broke off. What is left is a
 * request of which no URL can be made.
 */
function onError(): Response {
  return malformed('the request has no usable URL').toResponse()
}

/**
 * An answer to a client that is still sending, such as 413. To close the connection at once would reset it, and the
 * client might never see the answer (RFC 9112, 9.6). To keep it open would leave the client waiting to be read, for
 * ever. So the answer goes out whole, what still comes is thrown away for a while, and then the connection is closed.
 */
async function lingering(response: Response, request: Request, req: IncomingMessage): Promise<Response> {
  const headers = new Headers(response.headers)
  headers.set('Connection', 'close')
  const { status, body } = await measured(response, headers)
  if (body === null) return new Response(null, { status, headers })
  const reader = body.getReader()
  const lingeringBody = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        await request.body?.cancel().catch(() => {})
        await discardRest(req)
        controller.close()
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return new Response(lingeringBody, { status, headers })
}

/** With its length, so that the client knows when it has the answer. Only what the host has answered may have none. */
async function measured(response: Response, headers: Headers): Promise<Response> {
  if (response.body === null || headers.has('Content-Length')) return response
  const bytes = await response.arrayBuffer()
  headers.set('Content-Length', `${bytes.byteLength}`)
  return new Response(bytes, response)
}

/** Until the request is complete, or its connection is closed, or it has had its time. */
function discardRest(req: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    let left = lingerBytes
    const finish = () => {
      clearTimeout(silence)
      clearTimeout(end)
      // Not off 'error': one that nobody hears would end the process.
      req.off('data', onData).off('end', finish).off('close', finish)
      resolve()
    }
    const onData = (chunk: Buffer) => {
      silence.refresh()
      left -= chunk.byteLength
      if (left < 0) finish()
    }
    const silence = setTimeout(finish, lingerSilenceMs)
    const end = setTimeout(finish, lingerMs)
    req.on('data', onData).once('end', finish).once('close', finish).once('error', finish)
    if (req.complete || req.destroyed) finish()
    else req.resume()
  })
}
