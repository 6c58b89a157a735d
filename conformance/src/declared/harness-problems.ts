import { closest } from 'fastest-levenshtein'
import { allCases } from '../cases.ts'
import type { AnyHarness } from '../harness.ts'
import { knownCapabilities } from './capabilities.ts'

/** What a harness says that means nothing: each would make its author believe that something is tested. */
export function harnessProblems({ kind, capabilities, lacks = {}, knownFailures = {} }: AnyHarness): string[] {
  const known = Object.entries(knownCapabilities).flatMap(([name, { of }]) => (of.includes(kind) ? name : []))
  // A pair may be given the `lacks` of both its halves.
  const ofAnyKind = Object.keys(knownCapabilities)
  const ids = allCases[kind].map(({ id }) => id)
  return [
    ...unknown(capabilities, known, name => `capabilities: a ${kind} has no capability '${name}'`),
    ...unknown(Object.keys(lacks), ofAnyKind, name => `lacks: there is no capability '${name}'`),
    ...unknown(Object.keys(knownFailures), ids, id => `knownFailures: no such case: ${id}`),
  ]
}

function unknown(names: readonly string[], known: readonly string[], say: (name: string) => string): string[] {
  return names
    .filter(name => !known.includes(name))
    .map(name => `${say(name)}; the nearest is '${closest(name, known)}'`)
}
