import { maxLabelBytes } from '@lash/attachments-core/backend'

/** An extension longer than this is no extension. */
const maxExtensionLength = 16
const maxStemBytes = maxLabelBytes - 4 * (maxExtensionLength + 1)
/** Control characters, and those that make a name read in another order than it is written: `gpj.exe` as `exe.jpg`. */
const hidden = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * A name that can be shown and stored as a label, made of whatever a client calls a file: without folders and control
 * characters, and shortened to what a label may have. Undefined when nothing is left.
 */
export function fileName(given: string | undefined): string | undefined {
  if (given === undefined) return undefined
  const last = given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1)
  const name = shortened(last.toWellFormed().replace(hidden, '').trim())
  return /^\.*$/.test(name) ? undefined : name
}

function shortened(name: string): string {
  if (byteLength(name) <= maxLabelBytes) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && name.length - dot <= maxExtensionLength + 1 ? name.slice(dot) : ''
  // The bytes may end in the middle of a character, which a stream keeps for later.
  const bytes = new TextEncoder().encode(name.slice(0, maxStemBytes)).subarray(0, maxStemBytes)
  return new TextDecoder().decode(bytes, { stream: true }) + extension
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength
}
