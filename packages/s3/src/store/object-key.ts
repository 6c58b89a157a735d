import { type AttachmentId, AttachmentInvalidArgumentError, type AttachmentKey } from '@lash/attachments-core'
import { parsePhysicalName, physicalName } from '@lash/attachments-core/backend'

/**
 * S3 allows 1,024 bytes in a key. Ours take at most 120 of them after the prefix. Some servers append to the key to
 * name the parts of an upload, within the same limit; OpenStack Swift appends 55 bytes.
 */
const maxPrefixBytes = 800

/**
 * Names of objects: `<prefix>sha256/<first 2 digits of the id>/<physical name>`. And of uploads that wait to be
 * confirmed, which no listing of blobs shows: `<prefix>unconfirmed/<token>/<id>`.
 */
export class ObjectKeys {
  readonly #prefix: string
  readonly #root: string

  /**
   * @throws AttachmentInvalidArgumentError when some server or proxy would change a key with that prefix.
   */
  constructor(prefix: string) {
    this.#prefix = checkPrefix(prefix)
    this.#root = `${prefix}sha256/`
  }

  of(key: AttachmentKey): string {
    return `${this.#root}${shardOf(key.id)}/${physicalName(key)}`
  }

  ofUpload(token: string, id: AttachmentId): string {
    return `${this.#prefix}unconfirmed/${token}/${id}`
  }

  /** The beginning of the names of all ids that begin with `idPrefix`. */
  beginning(idPrefix: string): string {
    return idPrefix.length < 2 ? this.#root + idPrefix : `${this.#root}${idPrefix.slice(0, 2)}/${idPrefix}`
  }

  /** The key of an object, from its name; undefined when the object is not ours. */
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
  // Some proxies drop or resolve an empty or dotted segment, which would change the key.
  const dotted = segments.some(segment => segment === '.' || segment === '..')
  const empty = prefix.startsWith('/') || prefix.includes('//')
  if (dotted || empty || !isPlain(prefix) || Buffer.byteLength(prefix) > maxPrefixBytes) {
    throw new AttachmentInvalidArgumentError(
      `prefix must be at most ${maxPrefixBytes} bytes without control characters, U+FFFE and U+FFFF, ` +
        'and without a leading slash or a segment that is empty, "." or ".."; for example "attachments/"',
    )
  }
  return prefix
}

/** Whether XML can carry the text: listings and batch deletes are XML. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\uFFFE\uFFFF]/u.test(text)
}
