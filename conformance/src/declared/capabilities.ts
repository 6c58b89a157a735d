import type { AnyHarness, Capability } from '../harness.ts'

/** What a capability includes: whoever declares the first can do the second. */
const includes: Partial<Record<Capability, Capability>> = { durable: 'crash-safe' }

/** Whether the harness declares the capability, or one that includes it. */
export function hasCapability({ capabilities }: Pick<AnyHarness, 'capabilities'>, capability: Capability): boolean {
  return capabilities.some(declared => declared === capability || includes[declared] === capability)
}
