import { styleText } from 'node:util'
import { SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import prettyBytes from 'pretty-bytes'
import prettyMilliseconds from 'pretty-ms'

export type Style = Parameters<typeof styleText>[0]

export interface Column {
  title: string
  align?: 'left' | 'right'
}

/** Where a person reads: sections with what they prove, and a progress bar and colours on a real terminal. */
export class Terminal {
  readonly #stream: NodeJS.WriteStream
  readonly #live: boolean
  readonly #coloured: boolean
  #bar: SingleBar | undefined
  #sections = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    this.#live = stream.isTTY === true && process.env.TERM !== 'dumb'
    // By no-color.org: set and not empty. The oldest Node that we promise takes an empty one for set.
    this.#coloured = this.#live && !process.env.NO_COLOR
  }

  /** Columns of a terminal; a file or a pipe has no end. */
  get columns(): number {
    return this.#live ? this.#stream.columns || 80 : Number.POSITIVE_INFINITY
  }

  style(style: Style, text: string): string {
    return this.#coloured ? styleText(style, text, { validateStream: false }) : text
  }

  line(text: string = ''): void {
    this.#bar?.stop()
    this.#bar = undefined
    this.#stream.write(`${text.trimEnd()}\n`)
  }

  section(title: string): void {
    this.#sections++
    this.line()
    this.line(this.style('bold', `${this.#sections}  ${title}`))
  }

  step(text: string): void {
    this.line(`  ${text}`)
  }

  /** Says that something is as it has to be or, a line each, what is not. */
  check(text: string, problems: readonly string[] = [], milliseconds?: number): void {
    const took = milliseconds === undefined ? '' : this.style('dim', ` (${duration(milliseconds)})`)
    if (problems.length === 0) this.step(`${this.style('green', '✓')} ${text}${took}`)
    for (const problem of problems.slice(0, 10)) this.step(`${this.style('red', '✗')} ${printable(problem)}`)
  }

  /** The last words. */
  end(problems: readonly string[], allIsWell: string, milliseconds: number): void {
    this.line()
    if (problems.length === 0) {
      const took = this.style('dim', `(${duration(milliseconds)})`)
      this.line(`${this.style(['bold', 'green'], 'All is well')}: ${allIsWell}, no byte lost. ${took}`)
    } else {
      this.line(this.style(['bold', 'red'], count(problems.length, 'thing is off:', 'things are off:')))
      for (const problem of problems) this.step(printable(problem))
    }
    this.line()
  }

  /** A bar that the next line takes the place of. */
  progress(fraction: number, text: string): void {
    if (!this.#live) return
    if (this.#bar === undefined) {
      const format = `  ${this.style('cyan', '{bar}')}  {text}`
      const looks = { format, barsize: 24, barCompleteChar: '█', barIncompleteChar: '░' }
      // It cuts what is too long, and leaves the settings of the terminal alone: an interrupt has nothing to restore.
      this.#bar = new SingleBar({ stream: this.#stream, ...looks, linewrap: true, clearOnComplete: true })
      this.#bar.start(1, fraction, { text })
    } else {
      this.#bar.update(fraction, { text })
    }
  }

  /** Lines of a table: its titles, and then its rows. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
    const head = columns.map(({ title }) => this.style('dim', title))
    return tableLines([head, ...rows], { colAligns: columns.map(({ align = 'left' }) => align) })
  }
}

/** One row of a table whose columns are as wide as they are said to be; what comes after them may be of any width. */
export function row(
  cells: readonly string[],
  widths: readonly number[],
  aligns: readonly ('left' | 'right')[],
): string {
  return tableLines([cells], { colWidths: [...widths], colAligns: [...aligns] }).join('\n')
}

function tableLines(rows: readonly (readonly string[])[], options: Table.TableConstructorOptions): string[] {
  const edges = ['top', 'bottom', 'left', 'right', 'mid'] as const
  const corners = ['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'] as const
  const crossings = ['left-mid', 'mid-mid', 'right-mid'] as const
  const nothing = Object.fromEntries([...edges, ...corners, ...crossings].map(name => [name, '']))
  const style = { 'padding-left': 0, 'padding-right': 0, border: [], head: [], compact: true }
  const table = new Table({ ...options, chars: { ...nothing, middle: '  ' }, style })
  table.push(...rows.map(cells => [...cells]))
  return table.toString().split('\n')
}

/** Bytes for a person: `999 B`, `17.4 kB`, `30 MB`. */
export function size(bytes: number): string {
  return prettyBytes(bytes)
}

/** Time for a person: `2.3ms`, `1.8s`, `1m 5s`. */
export function duration(milliseconds: number): string {
  return prettyMilliseconds(milliseconds, { millisecondsDecimalDigits: milliseconds < 10 ? 1 : 0 })
}

/** `1 file`, `2 files`. */
export function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** A name given by anybody, safe to print: control characters, which a terminal would obey, are shown as escapes. */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Zl}\p{Zp}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, character => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}
