import type { Capability } from '@lash/attachments-conformance'

export const damagesBytes: readonly Capability[] = ['damage:flip', 'damage:truncate', 'damage:extend', 'damage:empty']
export const damagesMetadata: readonly Capability[] = ['damage:drop-metadata', 'damage:damage-metadata']
