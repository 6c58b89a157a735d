import type { AnyHarness, Capability, HarnessKind } from '../harness.ts'

/** What the kit knows of a capability. */
interface KnownCapability {
  /** The kinds of harnesses that it means something for. */
  readonly of: readonly HarnessKind[]
  /** What its cases show, in words. */
  readonly shows: string
  /** Nearly every backend has it. Who leaves it out has shown little, and should say in `lacks` why. */
  readonly isCore: boolean
}

const every: readonly HarnessKind[] = ['store', 'manifest', 'session', 'manifest-driver']
const ofStores = (shows: string, isCore = false): KnownCapability => ({ of: ['store'], shows, isCore })
const ofManifests = (shows: string, isCore = false): KnownCapability => ({ of: ['manifest', 'session'], shows, isCore })
const ofAll = (shows: string): KnownCapability => ({ of: every, shows, isCore: true })

export const knownCapabilities: Readonly<Record<Capability, KnownCapability>> = {
  'crash-safe': ofAll('what was put or recorded survives a reopen and kill -9'),
  durable: { of: every, shows: 'it survives a power cut', isCore: false },
  reopen: ofAll('two instances over the same data agree'),
  child: ofAll('processes at once agree, and a killed one leaves nothing half done'),
  generations: ofStores('copies of one content live and die apart', true),
  'metadata-of-first-put': ofStores('a repeated put keeps the first metadata', true),
  plain: ofStores('a plain store has nothing pending'),
  'size-limit': ofStores('a body over the limit stores nothing', true),
  'damage:flip': ofStores('bytes of which one bit flipped are never data', true),
  'damage:truncate': ofStores('bytes that were cut off are never data', true),
  'damage:extend': ofStores('bytes that were added to are never data'),
  'damage:empty': ofStores('bytes that are gone are never data'),
  'damage:drop-metadata': ofStores('missing metadata is a typed error, and a put heals it'),
  'damage:damage-metadata': ofStores('damaged metadata is a typed error, and a put heals it'),
  'incremental-reads': ofStores('a stream holds little of its blob in memory'),
  staging: ofStores('no put leaves litter, and what a killed one left harms nobody'),
  deny: ofStores('denied access is not "not found"'),
  disconnect: ofStores('an unreachable backend is not "not found"'),
  stall: ofStores('a call to a backend that does not answer can be aborted'),
  injected: ofStores('close leaves open what the store was given'),
  clock: ofManifests("ages are those of the manifest's clock, however that jumps", true),
  transaction: ofManifests('refs are committed exactly when the transaction of the host is'),
}

/** What a capability includes: whoever declares the first can do the second. */
const includes: Partial<Record<Capability, Capability>> = { durable: 'crash-safe' }

/** Whether the harness declares the capability, or one that includes it. */
export function hasCapability({ capabilities }: Pick<AnyHarness, 'capabilities'>, capability: Capability): boolean {
  return capabilities.some(declared => declared === capability || includes[declared] === capability)
}
