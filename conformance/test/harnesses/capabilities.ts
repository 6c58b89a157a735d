import type { Capability } from '@lash/attachments-conformance'

/** What every plain store can do. */
export const plainStore: readonly Capability[] = ['generations', 'metadata-of-first-put', 'plain', 'size-limit']
