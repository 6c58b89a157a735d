import { AttachmentInvalidArgumentError, type SessionScopedAttachmentStore } from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import type { Experimental_DownloadFunction } from 'ai'
import { parseAttachmentUrl } from './refs/attachment-url.ts'

type Requests = Parameters<Experimental_DownloadFunction>[0]
type Downloads = Awaited<ReturnType<Experimental_DownloadFunction>>

/**
 * For `experimental_download`. An `attachment:` URL gives what the session has, each content read once. Of other URLs,
 * one that the model's provider fetches is left to it, and the rest go to `fallback` or are refused.
 */
export function downloadFrom(
  session: SessionScopedAttachmentStore,
  concurrency: number,
  fallback: Experimental_DownloadFunction | undefined,
): (requests: Requests) => Promise<Downloads> {
  return async requests => {
    const wanted = requests.map(({ url }) => parseAttachmentUrl(url)?.id)
    const others = requests.filter((_, index) => wanted[index] === undefined)
    if (fallback === undefined)
      for (const { url, isUrlSupportedByModel } of others) if (!isUrlSupportedByModel) refuse(url)
    const signals = new Map(requests.map(({ abortSignal }, index) => [wanted[index], abortSignal]))
    const ids = new Set(wanted.filter(id => id !== undefined))
    const [stored, fetched = []] = await Promise.all([
      concurrently(
        [...ids],
        concurrency,
        async id => [id, await session.get(id, { signal: signals.get(id) })] as const,
      ),
      others.length > 0 ? fallback?.(others) : undefined,
    ])
    const byId = new Map(stored)
    const rest = fetched[Symbol.iterator]()
    return wanted.map(id => {
      if (id === undefined) return rest.next().value ?? null
      const found = byId.get(id)
      return found === undefined ? null : { data: found.bytes, mediaType: knownMediaType(found.meta.mediaType) }
    })
  }
}

/**
 * Without parameters, as the SDK takes it from a `data:` URL. Undefined when nothing is known, so that a part that says
 * `image` stays one.
 */
function knownMediaType(mediaType: string): string | undefined {
  const [full = ''] = mediaType.split(';')
  return full === 'application/octet-stream' ? undefined : full.trim()
}

function refuse({ protocol, host }: URL): never {
  throw new AttachmentInvalidArgumentError(
    `${protocol}//${host} is not fetched for the model, since a message may name any server; ` +
      'if it should be, give attachmentsFor a fallback such as createDownload() of ai',
  )
}
