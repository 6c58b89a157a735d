import type { AttachmentManifest } from '@lash/attachments-core'
import { serve } from './serve.ts'

/** The process of a case that has a manifest open: the manifest itself answers the calls. */
await serve((manifest: AttachmentManifest) => manifest)
