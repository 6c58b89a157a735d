import { formatBytes, formatCount, formatMilliseconds, printable } from './format.ts'
import { progressBar } from './progress-bar.ts'
import { refTable } from './ref-table.ts'
import type {
  Crash,
  DemoReport,
  FilePut,
  OtherSessionRead,
  SecondPut,
  SweepResult,
  TurnCommit,
  Verification,
} from './report.ts'
import type { Terminal } from './terminal.ts'
import { pad, shorten, textWidth } from './text-width.ts'
import type { DemoView } from './view.ts'

/** From here on a file takes long enough for its speed to mean something. */
const bigFileBytes = 4_000_000
const mostNameColumns = 32

/** The demo as a person reads it: a section for each step, what it proves in a word, times at the right. */
export class TextView implements DemoView {
  readonly #terminal: Terminal
  #nameColumns = 0
  #sections = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  started(folder: { path: string; kept: boolean }, names: readonly string[]): void {
    const { style } = this.#words
    this.#nameColumns = Math.min(mostNameColumns, Math.max(...names.map(name => textWidth(printable(name)))))
    this.#terminal.line()
    this.#terminal.line(style('bold', 'Attachments: bytes in a folder, refs in SQLite'))
    const fate = folder.kept ? 'kept' : 'temporary; --dir <folder> keeps one'
    this.#terminal.line(`${printable(folder.path)} ${style('dim', `(${fate})`)}`)
    this.#section(`Put ${formatCount(names.length, 'file')} into a session`)
  }

  progressed(name: string, bytes: number, byteLength: number): void {
    if (byteLength < bigFileBytes) return
    this.#terminal.draw(() => {
      const done = `${formatBytes(bytes)} of ${formatBytes(byteLength)}`
      return `  ${this.#name(name)}  ${this.#words.style('cyan', progressBar(bytes / byteLength, 24))}  ${done}`
    })
  }

  put({ name, ref, sameBytesAs, milliseconds }: FilePut): void {
    const size = pad(formatBytes(ref.byteLength), 8, 'left')
    const speed = ref.byteLength < bigFileBytes ? '' : `${formatBytes((ref.byteLength / milliseconds) * 1000)}/s`
    const took = sameBytesAs === undefined ? speed : `same bytes as ${printable(sameBytesAs)}, nothing written`
    this.#step(`${this.#name(name)}  ${size}  ${pad(formatMilliseconds(milliseconds), 7, 'left')}  ${took}`)
  }

  putAgain(put: SecondPut): void {
    this.#section(`Put ${printable(put.name)} once more`)
    const held = `${formatCount(put.storedFiles, 'file')}, ${formatBytes(put.storedBytes)}`
    const result = put.wroteAnything
      ? 'files of the store were changed'
      : `nothing written, the store is as it was: ${held}`
    this.#check(!put.wroteAnything, result, put.milliseconds)
  }

  committed(commit: TurnCommit, puts: readonly FilePut[]): void {
    this.#section('Commit the turn')
    this.#check(true, `${formatCount(commit.refs.length, 'ref')} committed, all or none`, commit.milliseconds)
    const { sessionLogBytes: log, inlineLogBytes: inline } = commit
    this.#check(
      true,
      `session log: ${formatBytes(log)} with refs; ${formatBytes(inline)} with the bytes in it as base64, ${timesMore(inline, log)}`,
    )
    this.#terminal.line()
    for (const line of refTable(this.#terminal, puts, '  ')) this.#terminal.line(line)
  }

  otherSessionRead(read: OtherSessionRead): void {
    this.#section('Another session asks for the same bytes')
    const refused = read.outcome === 'not_found'
    const answer = refused ? 'not found; to know the id is not enough, the session has to hold it' : read.outcome
    this.#check(refused, `${printable(read.name)}: ${answer}`)
  }

  crashed(crash: Crash): void {
    this.#section('A second process puts, and is killed before its commit')
    const label = crash.orphan.label ?? crash.orphan.id
    this.#step(`process ${crash.processId} put ${label} and ${printable(crash.shared.name)}, then met ${crash.signal}`)
    this.#check(crash.orphanedContents === 1, `${formatCount(crash.orphanedContents, 'orphan')} in the store`)
  }

  swept(sweep: SweepResult, crash: Crash): void {
    this.#section('Sweep')
    const label = crash.orphan.label ?? crash.orphan.id
    for (const { id, error } of sweep.failures) this.#check(false, `${id}: ${error}`)
    this.#check(sweep.orphanIsGone, sweep.orphanIsGone ? `${label} is gone` : `${label} is there`, sweep.milliseconds)
    const shared = printable(crash.shared.name)
    this.#check(
      sweep.sharedIsThere,
      `${shared} ${sweep.sharedIsThere ? 'stays: the first session holds it' : 'is gone'}`,
    )
  }

  verified(verification: Verification): void {
    if (verification.when === 'in the same process') this.#section('Read everything back and hash it')
    const right = verification.files.filter(file => file.matches).length
    const total = verification.files.length
    for (const { name, readSha256, matches } of verification.files) {
      if (!matches) this.#check(false, `${this.#name(name)}  ${readSha256}`)
    }
    const result = `${right} of ${formatCount(total, 'file')} right, ${verification.when}`
    this.#check(right === total, result, verification.milliseconds)
  }

  finished(report: DemoReport): void {
    const { style } = this.#words
    const line = (text: string) => this.#terminal.line(text)
    line('')
    if (report.ok) {
      const bytes = (report.commit?.refs ?? []).reduce((sum, ref) => sum + ref.byteLength, 0)
      const took = style('dim', `(${formatMilliseconds(report.milliseconds)})`)
      line(`${style(['bold', 'green'], 'All is well')}: ${formatBytes(bytes)} committed, no byte lost. ${took}`)
    } else {
      line(style(['bold', 'red'], formatCount(report.problems.length, 'thing is off:', 'things are off:')))
      for (const problem of report.problems) line(`  ${printable(problem)}`)
    }
    line('')
  }

  get #words(): Pick<Terminal, 'style'> {
    return { style: (style, text) => this.#terminal.style(style, text) }
  }

  #section(title: string): void {
    this.#sections++
    this.#terminal.line()
    this.#terminal.line(this.#words.style('bold', `${this.#sections}  ${title}`))
  }

  #step(text: string): void {
    this.#terminal.line(`  ${text}`.trimEnd())
  }

  #check(right: boolean, text: string, milliseconds?: number): void {
    const mark = right ? this.#words.style('green', '✓') : this.#words.style('red', '✗')
    const took = milliseconds === undefined ? '' : this.#words.style('dim', ` (${formatMilliseconds(milliseconds)})`)
    this.#terminal.line(`  ${mark} ${text}${took}`)
  }

  #name(name: string): string {
    return pad(shorten(printable(name), this.#nameColumns), this.#nameColumns)
  }
}

function timesMore(large: number, small: number): string {
  const times = large / small
  return `${times < 10 ? times.toFixed(1) : Math.round(times)} times as much`
}
