import { joined } from '@lash/attachments-core/backend'
import { parse as parseDisposition } from 'content-disposition'
import { make, type PartInfo } from 'multipasta'
import { HttpProblem, malformed } from '../problem.ts'
import type { RequestBody } from './request-body.ts'

/** One part of a form. Its bytes are to be read before the next part is asked for. */
export interface FormPart {
  name: string
  /** Present in the part of a file, even if empty; what the client calls it. */
  fileName: string | undefined
  mediaType: string | undefined
  /** The next bytes, or undefined from the end on. They are valid until the next call. */
  next(): Promise<Uint8Array | undefined>
}

type FormEvent = { part: Omit<FormPart, 'next'> } | { bytes: Uint8Array } | 'end'

/** Before the first boundary and after the last one there may be a line end, or a note for readers of mail. */
const maxPaddingBytes = 64 * 1024
const boundaryPattern = /;[ \t]*boundary=(?:"([!#-[\]-~ ]{1,70})"|([!#-+\--:<-[\]-~]{1,70}))[ \t]*(?:;|$)/i
const dash = 0x2d

/**
 * The parts of a `multipart/form-data` body (RFC 7578), one after the other. A chunk of the network is parsed when what
 * came before has been read: so nothing is held but that chunk, and a slow reader slows the sender down.
 */
export class FormReader {
  readonly #body: RequestBody
  readonly #parser: ReturnType<typeof make>
  /** How every boundary but the first begins, and the first with the line end that is imagined before it. */
  readonly #delimiter: Uint8Array
  /** The last bytes that the parser got: as many as the delimiter has. */
  #tail: Uint8Array
  #held: Uint8Array | undefined
  #events: FormEvent[] = []
  #position = 0
  #preambleBytes = 0
  #hasBegun = false
  #isOpen = false
  #isComplete = false
  #failure: unknown

  /** @throws HttpProblem when the content type has no boundary that can be used. */
  constructor(body: RequestBody, contentType: string) {
    const [, quoted, token] = boundaryPattern.exec(contentType) ?? []
    const boundary = quoted ?? token
    if (boundary === undefined) throw malformed('the content type of the form has no usable boundary')
    this.#body = body
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`)
    this.#tail = this.#delimiter.slice(0, 2)
    this.#parser = make({
      headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
      // Fields too come piece by piece, so that they can be counted as they come.
      isFile: () => true,
      onFile: info => {
        this.#begin(info)
        return bytes => this.#take(bytes)
      },
      onField: () => this.#fail('a part has no end of its headers'),
      onError: () => this.#fail('the form is not well-formed'),
      onDone: () => {
        this.#isComplete = true
      },
    })
  }

  /**
   * The next part, or undefined when the form is complete. Passes over what was not read of the part before.
   * @throws HttpProblem when the form is malformed or ends too early.
   */
  async nextPart(): Promise<FormPart | undefined> {
    for (;;) {
      const event = await this.#nextEvent()
      if (event === undefined) return undefined
      if (typeof event === 'object' && 'part' in event) return { ...event.part, next: this.#bytesOfPart() }
    }
  }

  #bytesOfPart(): FormPart['next'] {
    let hasEnded = false
    return async () => {
      const event = hasEnded ? undefined : await this.#nextEvent()
      if (typeof event === 'object' && 'bytes' in event) return event.bytes
      hasEnded = true
      return undefined
    }
  }

  async #nextEvent(): Promise<FormEvent | undefined> {
    for (;;) {
      const event = this.#events[this.#position++]
      if (event !== undefined) return event
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isComplete) return this.#passEpilogue()
      this.#events = []
      this.#position = 0
      const chunk = await this.#body.next()
      this.#parse(chunk)
    }
  }

  #parse(chunk: Uint8Array | undefined): void {
    try {
      if (chunk !== undefined) this.#write(chunk)
      else {
        this.#parser.end()
        this.#fail('the form ends before its last boundary')
      }
    } catch (error) {
      if (!this.#isComplete)
        this.#failure ??= error instanceof HttpProblem ? error : malformed('the form is not well-formed')
    }
  }

  /**
   * The parser takes the two dashes behind the last boundary for the beginning of a part when they come in two chunks.
   * So the first one waits for what follows it.
   */
  #write(chunk: Uint8Array): void {
    const data = this.#held === undefined ? chunk : together(this.#held, chunk)
    this.#held = undefined
    const length = this.#delimiter.byteLength
    const last = together(this.#tail, data.subarray(-(length + 1)))
    const isCut = last.at(-1) === dash && endsWith(last.subarray(0, -1), this.#delimiter)
    this.#tail = (isCut ? last.subarray(0, -1) : last).slice(-length)
    if (isCut) this.#held = Uint8Array.of(dash)
    this.#parser.write(isCut ? data.subarray(0, -1) : data)
    if (this.#hasBegun) return
    this.#preambleBytes += chunk.byteLength
    if (this.#preambleBytes > maxPaddingBytes) this.#fail('the form has no first boundary')
  }

  #begin(info: PartInfo): void {
    if (this.#isComplete || this.#failure !== undefined) return
    this.#hasBegun = true
    const header = info.headers['content-disposition']
    const { type, parameters } = parseDisposition(typeof header === 'string' ? header : '', { multipart: true })
    const { name, filename: fileName } = parameters
    if (type.toLowerCase() !== 'form-data' || name === undefined) {
      this.#fail('a part is not form-data with a name')
      return
    }
    const mediaType = info.headers['content-type']
    this.#isOpen = true
    const part = { name, fileName, mediaType: typeof mediaType === 'string' ? mediaType : undefined }
    this.#events.push({ part })
  }

  #take(bytes: Uint8Array | null): void {
    if (this.#isComplete || this.#failure !== undefined) return
    if (!this.#isOpen) this.#fail('a part has no end of its headers')
    else if (bytes !== null) this.#events.push({ bytes })
    else {
      this.#isOpen = false
      this.#events.push('end')
    }
  }

  #fail(detail: string): void {
    if (!this.#isComplete) this.#failure ??= malformed(detail)
  }

  async #passEpilogue(): Promise<undefined> {
    for (let left = maxPaddingBytes; ; ) {
      const chunk = await this.#body.next()
      if (chunk === undefined) return undefined
      left -= chunk.byteLength
      if (left < 0) throw malformed('the form goes on after its last boundary')
    }
  }
}

function together(a: Uint8Array, b: Uint8Array): Uint8Array {
  return joined([a, b], a.byteLength + b.byteLength)
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const start = bytes.byteLength - end.byteLength
  return start >= 0 && end.every((byte, index) => bytes[start + index] === byte)
}
