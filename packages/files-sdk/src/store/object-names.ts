import { AttachmentInvalidArgumentError, type AttachmentKey } from '@lash/attachments-core'
import { parsePhysicalName, physicalName } from '@lash/attachments-core/backend'

/** S3 allows 1,024 bytes, and most services no less. A physical name takes at most 81 of them. */
const maxPrefixBytes = 800

/** Keys of objects: `<prefix><physical name>`. Without folders of ours, since some services list only one folder. */
export class ObjectNames {
  readonly #prefix: string

  /**
   * @throws AttachmentInvalidArgumentError when some service would change a key with that prefix.
   */
  constructor(prefix: string) {
    this.#prefix = checkPrefix(prefix)
  }

  of(key: AttachmentKey): string {
    return this.#prefix + physicalName(key)
  }

  /** The beginning of the names of all ids that begin with `idPrefix`. */
  beginning(idPrefix: string): string {
    return this.#prefix + idPrefix
  }

  /** The key of an object, from its name; undefined when the object is not ours. */
  parse(name: string): AttachmentKey | undefined {
    return name.startsWith(this.#prefix) ? parsePhysicalName(name.slice(this.#prefix.length)) : undefined
  }
}

function checkPrefix(prefix: unknown): string {
  if (
    typeof prefix === 'string' &&
    prefix.isWellFormed() &&
    Buffer.byteLength(prefix) <= maxPrefixBytes &&
    !/\p{Cc}|\\|^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/u.test(prefix)
  ) {
    return prefix
  }
  throw new AttachmentInvalidArgumentError(
    `prefix must be a string of at most ${maxPrefixBytes} bytes without control characters and backslashes, ` +
      'and without a leading slash or a segment that is empty, "." or ".."; for example "attachments/"',
  )
}
