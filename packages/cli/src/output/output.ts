import { once } from 'node:events'
import { styleText } from 'node:util'
import { AttachmentStoreError } from '@lash/attachments-core'
import type { Column } from './columns.ts'
import { codeOf, isExpected, messageOf, withoutCredentials } from './errors.ts'
import { printable } from './for-people.ts'
import { jsonLine } from './json-line.ts'
import type { ProgressBar, ProgressReport } from './progress-bar.ts'
import type { TableLines } from './table.ts'

type Style = Parameters<typeof styleText>[0]

export interface OutputOptions {
  json?: boolean
  quiet?: boolean
}

/** One line of a record. What is undefined is left out. */
export type Field = readonly [name: string, value: unknown, forPeople?: string]

export interface Table<Row> {
  /** Waits while whoever reads the output is slower. */
  row(row: Row): Promise<void>
}

/**
 * What a command says. Results go to the standard output: tables on a terminal, lines of fields between tabs in a pipe,
 * and with `--json` one value a line. Progress, remarks and failures go to the standard error.
 *
 * The libraries for terminals are loaded where there is one: half of what runs the program is a script.
 */
export class Output {
  readonly json: boolean
  readonly #quiet: boolean
  #bar: ProgressBar | undefined

  constructor({ json = false, quiet = false }: OutputOptions = {}) {
    this.json = json
    this.#quiet = quiet
  }

  /** Whether a person reads the results. */
  get isForPeople(): boolean {
    return process.stdout.isTTY && !this.json
  }

  /** A result that is a list. With `--json`, each row as it is. */
  table<Row extends object>(columns: readonly Column<Row>[]): Table<Row> {
    if (this.json) return { row: row => this.#write(`${jsonLine(row)}\n`) }
    if (!this.isForPeople) {
      const field = (value: string | number | undefined) => (value === undefined ? '' : printable(`${value}`))
      return { row: row => this.#write(`${columns.map(column => field(column.of(row))).join('\t')}\n`) }
    }
    let lines: TableLines<Row> | undefined
    return {
      row: async row => {
        if (lines === undefined) {
          // A terminal that does not know its width says 0.
          lines = (await import('./table.ts')).tableLines(columns, process.stdout.columns || 80)
          const titles = lines(column => column.title)
          await this.#write(`${this.style('dim', titles, process.stdout)}\n`)
        }
        const cell = (column: Column<Row>) => column.forPeople?.(row) ?? `${column.of(row) ?? '-'}`
        await this.#write(`${lines(column => printable(cell(column)))}\n`)
      },
    }
  }

  /** A result that is one thing: with `--json` the value, else its fields, a line each. */
  async record(value: object, fields: readonly Field[]): Promise<void> {
    if (this.json) return this.#write(`${jsonLine(value)}\n`)
    const known = fields.filter(([, field]) => field !== undefined)
    const width = Math.max(...known.map(([name]) => name.length))
    for (const [name, field, forPeople = `${field}`] of known) {
      const line = this.isForPeople
        ? `${this.style('dim', name.padEnd(width), process.stdout)}  ${printable(forPeople)}`
        : `${name}\t${printable(`${field}`)}`
      await this.#write(`${line}\n`)
    }
  }

  /** A line for people, as it is: with colours, and without what others have written into it. */
  line(text: string): Promise<void> {
    return this.#write(`${text}\n`)
  }

  /** A bar on a terminal, unless it is to be quiet. Call what this gives as often as there is news. */
  async progress(title: string): Promise<(now: ProgressReport) => void> {
    if (this.#quiet || this.json || !process.stderr.isTTY) return () => {}
    this.end()
    const { ProgressBar } = await import('./progress-bar.ts')
    const bar = new ProgressBar(title)
    this.#bar = bar
    return now => bar.update(now)
  }

  /** Something that a person likes to know, and no result. */
  remark(text: string): void {
    if (this.#quiet || this.json) return
    this.#say(this.style('dim', printable(text), process.stderr))
  }

  /** Something that a person must know, though the command goes on. */
  warn(text: string): void {
    if (this.json) this.#say(jsonLine({ warning: text }))
    else this.#say(`${this.style('yellow', 'warning:', process.stderr)} ${printable(text)}`)
  }

  /** What failed, of the whole or of one of many. Without a stack, unless it is a fault of the program. */
  failed(error: unknown, about?: string): void {
    const message = messageOf(error)
    const subject = about === undefined ? undefined : withoutCredentials(about)
    if (this.json) {
      const id = AttachmentStoreError.isInstance(error) ? error.id : undefined
      this.#say(jsonLine({ error: { code: codeOf(error), message, about: subject, id } }))
      return
    }
    // A stack has lines; what others have named shall not look like one.
    const text = isExpected(error) ? printable(message) : message.split('\n').map(printable).join('\n')
    const beginning = `${this.style('red', 'error:', process.stderr)} `
    this.#say(`${beginning}${subject === undefined ? '' : `${printable(subject)}: `}${text}`)
  }

  style(style: Style, text: string, stream: NodeJS.WriteStream): string {
    return styleText(style, text, { stream })
  }

  /** Takes the bar off the screen. */
  end(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  async #write(text: string): Promise<void> {
    // Both may be on one screen.
    this.#bar?.clear()
    // Whoever read may be gone, and would never let the stream drain.
    if (process.stdout.errored) throw process.stdout.errored
    if (!process.stdout.write(text)) await once(process.stdout, 'drain')
  }

  #say(text: string): void {
    this.#bar?.clear()
    process.stderr.write(`${text}\n`)
  }
}
