import type { AttachmentManifest } from '@lash/attachments-core'
import { heldRecord } from '../manifest/moves/moved.ts'
import { numbered } from '../run/contents.ts'
import { serve } from './serve.ts'

/** The process of a case that has a manifest open: the manifest itself answers the calls, but for one. */
await serve((manifest: AttachmentManifest) =>
  Object.assign(manifest, {
    importHalfway(): Promise<void> {
      const { promise: stalled, resolve: stall } = Promise.withResolvers<void>()
      const records = async function* () {
        yield { floor: 7 }
        for (const name of numbered('content', 2500)) yield heldRecord(name, 'cut off')
        stall()
        await new Promise(() => {})
      }
      return Promise.race([stalled, manifest.importContents(records())])
    },
  }),
)
