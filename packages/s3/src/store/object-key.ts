import { type AttachmentId, AttachmentInvalidArgumentError, type AttachmentKey } from '@lash/attachments-core'
import { parsePhysicalName, physicalName } from '@lash/attachments-core/backend'

/**
 * S3 allows 1,024 bytes in a key, of which ours take at most 91 after the prefix. Some servers name the parts of an
 * upload by the key and more, within the same limit; OpenStack Swift takes 55.
 */
const maxPrefixBytes = 800

/** Names of objects: `<prefix>sha256/<first 2 digits of the id>/<physical name>`. */
export class ObjectKeys {
  readonly #root: string

  /**
   * @throws AttachmentInvalidArgumentError when the prefix cannot begin a key that every server and proxy keeps as it
   * is.
   */
  constructor(prefix: string) {
    this.#root = `${checkPrefix(prefix)}sha256/`
  }

  of(key: AttachmentKey): string {
    return `${this.#root}${key.id.slice(0, 2)}/${physicalName(key)}`
  }

  /** What the names of all ids begin with that begin with `idPrefix`. */
  beginning(idPrefix: string): string {
    return idPrefix.length < 2 ? this.#root + idPrefix : `${this.#root}${idPrefix.slice(0, 2)}/${idPrefix}`
  }

  /** The key that an object's name stands for, or undefined when the object is not ours. */
  parse(name: string): AttachmentKey | undefined {
    if (!name.startsWith(this.#root)) return undefined
    const [shard, physical, ...rest] = name.slice(this.#root.length).split('/')
    if (physical === undefined || rest.length > 0) return undefined
    const key = parsePhysicalName(physical)
    return key !== undefined && shardOf(key.id) === shard ? key : undefined
  }
}

function shardOf(id: AttachmentId): string {
  return id.slice(0, 2)
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix !== 'string') throw new AttachmentInvalidArgumentError('prefix must be a string')
  const segments = prefix.split('/')
  // An empty or dotted segment is dropped or resolved by some proxies on the way, so that a key would be another one.
  const dotted = segments.some(segment => segment === '.' || segment === '..')
  const empty = prefix.startsWith('/') || prefix.includes('//')
  if (dotted || empty || !isPlain(prefix) || Buffer.byteLength(prefix) > maxPrefixBytes) {
    throw new AttachmentInvalidArgumentError(
      `prefix must be at most ${maxPrefixBytes} bytes without control characters, U+FFFE and U+FFFF, and without a leading slash or a segment that is empty, "." or ".."; for example "attachments/"`,
    )
  }
  return prefix
}

/** Whether XML can carry it, in which listings and batch deletes name objects. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\uFFFE\uFFFF]/u.test(text)
}
