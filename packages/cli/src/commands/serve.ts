import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { port } from '../arguments.ts'
import { action, examples, sessionOptions } from '../command.ts'
import { UsageError } from '../usage-error.ts'

interface ServeOptions {
  host: string
  port: number
}

/** The names of this machine for itself. In a URL, an address of IPv6 has brackets. */
const ownHosts = ['127.0.0.1', '::1', '[::1]', 'localhost']

export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('serve a session over HTTP')
    .description(
      'Serves what a session has, and takes uploads into it, with the handler of @lash/attachments-http, until Ctrl-C. ' +
        'Whoever reaches the port may read, upload and delete: for a look at things, and for development.',
    )
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--port <number>', 'to listen on; 0 is any that is free', port, 8080)
  sessionOptions(command).action(
    action(async (context, { host, port }: ServeOptions) => {
      const { output, signal } = context
      const view = await context.session(true)
      if (view === undefined) throw new UsageError('which session? Give --session ID')
      const { createAttachmentHandler } = await import('@lash/attachments-http')
      const { toNodeListener } = await import('@lash/attachments-http/node')
      const isOpen = !ownHosts.includes(host)
      const handler = createAttachmentHandler({
        session: request => (isOpen || isFromHere(request) ? view : notFromHere()),
        onError: error => output.failed(error),
      })
      // The handler ends what is silent; a big upload over a slow line takes as long as it takes.
      const server = createServer({ requestTimeout: 0 }, toNodeListener(handler))
      server.listen(port, host)
      await once(server, 'listening', { signal })
      const { port: actual } = server.address() as AddressInfo
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${actual}/attachments`
      if (isOpen) output.warn('everybody who reaches this address may read, upload and delete')
      else output.remark('nobody is asked for a password: everybody on this machine may read, upload and delete')
      await output.record({ url }, [['url', url]])
      if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    }),
  )
  return examples(
    command,
    ['What a chat has', 'serve --session chat-42'],
    [
      'Something to develop a page with, gone with the process',
      'serve --store memory: --manifest memory: --session any',
    ],
  )
}

/** Whether the browser asks for this machine, and not for a name of some site that leads here. */
function isFromHere({ url }: Request): boolean {
  return ownHosts.includes(new URL(url).hostname)
}

function notFromHere(): Response {
  return new Response('ask for it by the name localhost, or by the address\n', { status: 403 })
}
