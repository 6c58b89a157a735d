import { deepEqual } from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import {
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'

/* Throws unless the runtime that runs this publishes the events as Node does. No test runner. */

/** What is published, in its order, and when a call has come back. */
const told: string[] = []
for (const name of ['put', 'get', 'commit', 'sweep', 'audit']) {
  const tell = (stage: string) => void told.push(`${name} ${stage}`)
  tracingChannel<unknown, object>(`lash-attachments:${name}`).subscribe({
    start: () => tell('start'),
    end: () => tell('end'),
    error: () => tell('error'),
    asyncStart: () => {},
    asyncEnd: ({ error }) => tell((error as { code?: string } | undefined)?.code ?? 'is done'),
  })
}

const [store, manifest] = [new InMemoryAttachmentStore(), new InMemoryAttachmentManifest()]
const session = new SessionScopedAttachmentStore(store, manifest, 'chat')
const { id } = await session.put(new TextEncoder().encode('some bytes'), { mediaType: 'text/plain' })
await session.get('0'.repeat(64)).catch(() => {})
const { body } = await session.stream(id)
told.push('opened')
await new Response(body).text()
await session.commit()
await reclaimOrphanedAttachments(manifest, store, Date.now())
await reclaimUnreferencedAttachments(manifest, store, Date.now())

const went = (name: string, ...stages: string[]) => ['start', 'end', ...stages].map(stage => `${name} ${stage}`)
deepEqual(told, [
  ...went('put', 'is done'),
  ...went('get', 'error', 'not_found'),
  ...went('get'),
  'opened',
  'get is done',
  ...went('commit', 'is done'),
  ...went('sweep', 'is done'),
  ...went('audit', 'is done'),
])
