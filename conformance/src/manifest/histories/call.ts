import type { AttachmentId, AttachmentManifest, OrphanClaim } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'

import type * as FastCheck from 'fast-check'
import { idOf } from '../../run/contents.ts'
import type { Generator } from '../../run/random-values.ts'
import type { ReferenceManifest } from './reference-manifest.ts'

/** A manifest, what it should be like by now, and every claim that it has returned so far. */
export interface Subject {
  readonly manifest: AttachmentManifest
  readonly reference: ReferenceManifest
  readonly claims: OrphanClaim[]
  /** Sets the clock of both, where that can be done. */
  readonly setClock: ((epochMs: number) => void) | undefined
}

/** One call of a history, as data, so that a history can be shrunk and run again. */
export interface Call {
  /** The call as a line of code, on a manifest of that name. */
  code(on: string): string
  /** Makes the call, and fails unless its result is what the reference allows. Returns the result, to be shown. */
  run(subject: Subject): Promise<unknown>
}

/*
 * Few names, so that calls meet. One session and one holder have names that are patterns in some database, and stand
 * for the other one there. The times are in another order as text.
 */
export const sessions: readonly string[] = ['chat', 'cha_']
export const holders: readonly string[] = ['', '%']
export const contents: readonly string[] = ['a', 'b']
export const times: readonly number[] = [-20, -3, 0, 9, 10, 100]
/** So much later, in milliseconds, every manifest forgets what was reclaimed before. */
export const later: number = 400 * 24 * 60 * 60 * 1000
/** Later than any clock. */
export const endOfTime: number = Date.UTC(2200, 0)

/** The id of a content. With `!` behind its name: something like it that is no id. */
export function idFor(name: string): AttachmentId {
  return name.endsWith('!') ? idOf(name.slice(0, -1)).toUpperCase() : idOf(name)
}

/** How a program says an id: `a.id`. */
export function idText(name: string): string {
  return name.endsWith('!') ? `${name.slice(0, -1)}.id.toUpperCase()` : `${name}.id`
}

export function idsText(names: readonly string[]): string {
  return `[${names.map(idText).join(', ')}]`
}

export function uriFor(name: string): string {
  return canonicalUri(idFor(name))
}

/** What the calls of a session are about: one holder or, with none, all of them. */
export interface Scope {
  readonly session: string
  readonly holder: string | undefined
}

export function scopes(fc: Generator): FastCheck.Arbitrary<Scope> {
  return fc.record({ session: mostly(fc, sessions), holder: fc.option(mostly(fc, holders), { nil: undefined }) })
}

/** Some contents, at times with what is no id among them. */
export function someContents(fc: Generator): FastCheck.Arbitrary<string[]> {
  return fc.array(mostly(fc, [...contents, 'a!']), { maxLength: 3 })
}

/** The first of them most often, so that calls meet, and each of the others half as often as the one before. */
export function mostly<T extends string>(fc: Generator, names: readonly T[]): FastCheck.Arbitrary<T> {
  const weighted = names.map((name, place) => ({ weight: 2 ** (names.length - place), arbitrary: fc.constant(name) }))
  return fc.oneof(...weighted)
}

/** An object as code, without what is undefined. */
export function objectText(fields: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return `{ ${given.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')} }`
}
