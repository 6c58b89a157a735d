import type { AttachmentRef } from '@lash/attachments-core'
import { savedTurns } from './host/conversations.ts'
import type { Host } from './host/host.ts'
import type { UrlFetch } from './report.ts'
import { sha256 } from './sha256.ts'

/**
 * Makes a URL for the largest attachment that a turn mentions, and fetches it as a browser does: without credentials and without this
 * library. Before a host gives out a URL, it makes sure that the one who asks may read the conversation. Undefined when nothing was saved.
 */
export async function fetchByUrl({ pool, store }: Host): Promise<UrlFetch | undefined> {
  let largest: AttachmentRef | undefined
  for await (const { attachments } of savedTurns(pool)) {
    for (const ref of attachments) if (ref.byteLength > (largest?.byteLength ?? -1)) largest = ref
  }
  if (largest === undefined) return undefined
  const { id, generation = 0, mediaType: expectedMediaType } = largest
  const started = performance.now()
  const url = await store.getUrl(id, { generation, expiresIn: 60 })
  const answer = await fetch(url)
  const digest = answer.body === null ? '' : await sha256(answer.body)
  return {
    id,
    status: answer.status,
    expectedMediaType,
    mediaType: answer.headers.get('content-type'),
    byteLength: largest.byteLength,
    matches: digest === id,
    milliseconds: performance.now() - started,
  }
}
