import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** Where a person reads: colours and a line that is drawn again and again only on a real terminal. */
export class Terminal {
  readonly live: boolean
  readonly #stream: NodeJS.WriteStream
  readonly #coloured: boolean
  #drawnAt = 0
  #drawn = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    this.live = stream.isTTY === true && process.env.TERM !== 'dumb'
    // By no-color.org: set and not empty.
    this.#coloured = this.live && !process.env.NO_COLOR
  }

  /** Columns of a terminal; of a file or a pipe there is no end. */
  get columns(): number {
    return this.live ? this.#stream.columns || 80 : Number.POSITIVE_INFINITY
  }

  style(style: Style, text: string): string {
    return this.#coloured ? styleText(style, text, { validateStream: false }) : text
  }

  line(text: string = ''): void {
    this.#erase()
    this.#stream.write(`${text}\n`)
  }

  /** Draws a line that the next one takes the place of; not more often than an eye can follow, and nothing in a pipe. */
  draw(text: () => string): void {
    const now = performance.now()
    if (!this.live || now - this.#drawnAt < 40) return
    this.#drawnAt = now
    this.#erase()
    this.#drawn = true
    this.#stream.write(text())
  }

  #erase(): void {
    if (this.#drawn) this.#stream.write('\r\x1b[2K')
    this.#drawn = false
  }
}
