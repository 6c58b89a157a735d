import { hash } from 'node:crypto'
import type { AttachmentId } from '../content/id.ts'

/**
 * The keys of the map, in ASCII whatever a session is called:
 *
 *     layout                              the version of all this; while it is imported, another text
 *     floor                               the generation of unknown content; absent: 0
 *     c/<id>                              content: its generation, and whether it is claimed or a tombstone
 *     f/<id>                              the fence of the content: changes when it gets a ref
 *     r/<id>/<session>/<holder>           a ref
 *     s/<session>/<holder>/<id>           empty; finds the refs of a session
 *     w/<start of session>                the fence of some sessions: changes when one of them gets a ref
 *     a/<time>/<id>/<session>/<holder>    'released' or empty; finds refs that are not committed, by age
 *     k/<time>/<id>                       empty; finds claims, by age
 *     t/<time>/<id>                       empty; finds tombstones, by age
 */
export const layoutKey = 'layout'
export const floorKey = 'floor'

export function contentKey(id: AttachmentId): string {
  return `c/${id}`
}

export function idOfContent(content: string): AttachmentId {
  return content.slice(2)
}

export function contentFence(id: AttachmentId): string {
  return `f/${id}`
}

/** What comes before the keys of all refs to the content. */
export function refsTo(id: AttachmentId): string {
  return `r/${id}/`
}

/** What comes before the keys of a session's refs to the content. */
export function refsOfSessionTo(id: AttachmentId, sessionId: string): string {
  return `r/${id}/${hashed(sessionId)}/`
}

export function refKey(id: AttachmentId, sessionId: string, holder: string): string {
  return refsOfSessionTo(id, sessionId) + hashed(holder)
}

export function idOfRef(ref: string): AttachmentId {
  return ref.slice(2, 66)
}

/** The session and the holder in the key of a ref, as they stand there. */
function whoseRef(ref: string): string {
  return ref.slice(67)
}

/** What comes before the keys that find the refs of a session, or of one holder in it. */
export function heldBy(sessionId: string, holder: string | undefined): string {
  return holder === undefined ? `s/${hashed(sessionId)}/` : `s/${hashed(sessionId)}/${hashed(holder)}/`
}

export function heldKey(ref: string): string {
  return `s/${whoseRef(ref)}/${idOfRef(ref)}`
}

/** The key of the ref that the key finds. */
export function refOfHeld(held: string): string {
  return `r/${held.slice(-64)}/${held.slice(2, -65)}`
}

/** One for 4,096th of all sessions, so that they do not pile up and seldom stop another session. */
export function sessionFence(sessionId: string): string {
  return `w/${hashed(sessionId).slice(0, 2)}`
}

export function looseKey(ref: string, ageMs: number): string {
  return `a/${timeKey(ageMs)}/${ref.slice(2)}`
}

export function claimKey(id: AttachmentId, sinceMs: number): string {
  return `k/${timeKey(sinceMs)}/${id}`
}

export function tombstoneKey(id: AttachmentId, sinceMs: number): string {
  return `t/${timeKey(sinceMs)}/${id}`
}

/** The id in a key that begins with a time. */
export function idAfterTime(key: string): AttachmentId {
  return key.slice(17, 81)
}

export interface KeyRange {
  readonly start: string
  readonly end: string
}

export const everyKey: KeyRange = { start: ' ', end: '~' }

/** All keys that begin with the prefix. */
export function startingWith(prefix: string): KeyRange {
  return { start: prefix, end: `${prefix}~` }
}

/** All keys that begin with the letter and a time up to the given one. */
export function upTo(letter: 'a' | 'k' | 't', timeMs: number): KeyRange {
  return { start: `${letter}/`, end: `${letter}/${timeKey(timeMs)}~` }
}

/** The first possible key that comes after. No key has a space. */
export function after(key: string): string {
  return `${key} `
}

/** Fourteen digits, whose order as text is that of the safe integers, negative ones too. */
function timeKey(timeMs: number): string {
  return (BigInt(timeMs) + 2n ** 53n).toString(16).padStart(14, '0')
}

/** Of one length, whatever the name: backends limit keys, and order text in their own ways. */
function hashed(name: string): string {
  return hash('sha256', name, 'base64url')
}
