import type { Fixture } from '../harness.ts'
import { watchCalls } from './calls-under-way.ts'

/** What fixtures have, and what their `reopen` gives: alone, or in an object as the fixture has it. */
const parts = ['store', 'manifest', 'driver'] as const

/** Knows of the calls to a fixture, and to what it opens, until they settle. */
export function watchFixture<F extends Fixture>(fixture: F): F {
  watchParts('', fixture)
  const { reopen } = fixture as { reopen?(): Promise<object> }
  if (reopen !== undefined && Object.isExtensible(fixture)) {
    const value = async () => watchOpened(fixture, await reopen.call(fixture))
    Object.defineProperty(fixture, 'reopen', { value, configurable: true, writable: true })
  }
  return watchCalls('fixture', fixture)
}

function watchOpened(fixture: object, opened: object): object {
  watchParts('another ', opened)
  const only = parts.filter(part => part in fixture)
  return only.length === 1 && !((only[0] as string) in opened) ? watchCalls(`another ${only[0]}`, opened) : opened
}

function watchParts(prefix: string, holder: object): void {
  for (const part of parts) {
    const object: unknown = part in holder ? Reflect.get(holder, part) : undefined
    if (object instanceof Object) watchCalls(`${prefix}${part}`, object)
  }
}
