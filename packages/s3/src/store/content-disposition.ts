import { AttachmentInvalidArgumentError } from '@lash/attachments-core'

/** What a browser is to do with the bytes of a URL, and the name under which it saves them. */
export interface ContentDisposition {
  /**
   * `attachment`, the default, has them saved; `inline` shows them, scripts included, where the media type allows it.
   */
  type?: 'attachment' | 'inline'
  /** Any text; at most 255 characters. Path separators and control characters become `_`. */
  filename?: string
}

/**
 * The value of the header (RFC 6266): a plain name for old clients, and the exact one as RFC 8187 encodes it.
 * @throws AttachmentInvalidArgumentError when it cannot be a header's value.
 */
export function contentDisposition(wanted: string | ContentDisposition): string {
  if (typeof wanted === 'string') return checkHeader(wanted)
  const { type = 'attachment', filename } = wanted
  if (type !== 'attachment' && type !== 'inline') throw invalid('type must be "attachment" or "inline"')
  if (filename === undefined) return type
  if (typeof filename !== 'string' || filename.length === 0 || filename.length > 255 || !filename.isWellFormed()) {
    throw invalid('filename must be well-formed text of 1 to 255 characters')
  }
  const name = filename.replace(/[\p{Cc}/\\]/gu, '_')
  const plain = name.replace(/[^ -~]|["%]/gu, '_')
  return plain === name
    ? `${type}; filename="${name}"`
    : `${type}; filename="${plain}"; filename*=UTF-8''${encodeExactly(name)}`
}

function checkHeader(value: string): string {
  if (/^(?:attachment|inline)(?:;[ -~]*)?$/i.test(value) && value.length <= 2048) return value
  throw invalid(
    'as a string it must be "attachment" or "inline" with parameters, in printable ASCII; ' +
      'give { filename } for other names',
  )
}

function encodeExactly(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, mark => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}

function invalid(message: string): AttachmentInvalidArgumentError {
  return new AttachmentInvalidArgumentError(`contentDisposition: ${message}`)
}
