import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { action, examples, sessionOptions } from '../command.ts'
import { UsageError } from '../usage-error.ts'

interface ServeOptions {
  host: string
  port: number
}

const ownHosts = ['127.0.0.1', '::1', 'localhost']

export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('serve a session over HTTP')
    .description(
      'Serves what a session has, and takes uploads into it, with the handler of @lash/attachments-http, until Ctrl-C. ' +
        'Whoever reaches the port may read, upload and delete: for a look at things, and for development.',
    )
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--port <number>', 'to listen on; 0 is any that is free', wholeNumber, 8080)
  sessionOptions(command).action(
    action(async (context, { host, port }: ServeOptions) => {
      const { output, signal } = context
      const view = await context.session(true)
      if (view === undefined) throw new UsageError('which session? Give --session ID')
      const { createAttachmentHandler } = await import('@lash/attachments-http')
      const { toNodeListener } = await import('@lash/attachments-http/node')
      const handler = createAttachmentHandler({ session: () => view, onError: error => output.failed(error) })
      // The handler ends what is silent; a big upload over a slow line takes as long as it takes.
      const server = createServer({ requestTimeout: 0 }, toNodeListener(handler))
      server.listen(port, host)
      await once(server, 'listening', { signal })
      const { port: actual } = server.address() as AddressInfo
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${actual}/attachments`
      if (!ownHosts.includes(host)) output.warn('everybody who reaches this address may read, upload and delete')
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
