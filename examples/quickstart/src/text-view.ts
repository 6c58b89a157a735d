import type { AttachmentRef } from '@lash/attachments-core'
import truncate from 'cli-truncate'
import stringWidth from 'string-width'
import {
  type Crash,
  type DemoReport,
  type FilePut,
  type OtherSessionRead,
  problemsOfCrash,
  problemsOfOtherSession,
  problemsOfSecondPut,
  problemsOfSweep,
  problemsOfVerification,
  type SecondPut,
  type SweepResult,
  type TurnCommit,
  type Verification,
} from './report.ts'
import { count, duration, printable, row, size, type Terminal } from './terminal.ts'

/** From here on a file takes long enough for its speed to mean something. */
const bigFileBytes = 4_000_000
const mostNameColumns = 32

/** The demo as a person reads it: a section for each step, what it proves in a word, times at the right. */
export class TextView {
  readonly #terminal: Terminal
  #nameColumns = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  started(folder: { path: string; kept: boolean }, names: readonly string[]): void {
    this.#nameColumns = Math.max(...names.map(name => stringWidth(shortened(name))))
    this.#terminal.line()
    this.#terminal.line(this.#terminal.style('bold', 'Attachments: bytes in a folder, refs in SQLite'))
    const fate = folder.kept ? '(kept)' : '(temporary; --dir <folder> keeps one)'
    this.#terminal.line(`${printable(folder.path)} ${this.#terminal.style('dim', fate)}`)
    this.#terminal.section(`Put ${count(names.length, 'file')} into a session`)
  }

  progressed(name: string, bytes: number, byteLength: number): void {
    if (byteLength < bigFileBytes) return
    this.#terminal.progress(bytes / byteLength, `${shortened(name)}: ${size(bytes)} of ${size(byteLength)}`)
  }

  put({ name, ref, sameBytesAs, milliseconds }: FilePut): void {
    const speed = ref.byteLength < bigFileBytes ? '' : `${size((ref.byteLength / milliseconds) * 1000)}/s`
    const remark = sameBytesAs === undefined ? speed : `same bytes as ${printable(sameBytesAs)}, nothing written`
    const cells = [shortened(name), size(ref.byteLength), duration(milliseconds)]
    this.#terminal.step(`${row(cells, [this.#nameColumns, 8, 6], ['left', 'right', 'right'])}  ${remark}`)
  }

  putAgain(put: SecondPut, puts: readonly FilePut[]): void {
    this.#terminal.section(`Put ${printable(put.name)} once more`)
    const held = `${count(put.storedFiles, 'file')}, ${size(put.storedBytes)}`
    const unchanged = `nothing written, the store is as it was: ${held}`
    this.#terminal.check(unchanged, problemsOfSecondPut(put, puts), put.milliseconds)
  }

  committed({ refs, sessionLogBytes, inlineLogBytes, milliseconds }: TurnCommit, puts: readonly FilePut[]): void {
    this.#terminal.section('Commit the turn')
    this.#terminal.check(`${count(refs.length, 'ref')} committed, all or none`, [], milliseconds)
    const times = `${Number((inlineLogBytes / sessionLogBytes).toPrecision(3))} times as much`
    const inline = `${size(inlineLogBytes)} with the bytes in it as base64, ${times}`
    this.#terminal.check(`session log: ${size(sessionLogBytes)} with refs; ${inline}`)
    this.#terminal.line()
    for (const line of this.#refTable(puts)) this.#terminal.step(line)
  }

  otherSessionRead(read: OtherSessionRead): void {
    this.#terminal.section('Another session asks for the same bytes')
    const refused = `${printable(read.name)}: not found; to know the id is not enough, the session has to hold it`
    this.#terminal.check(refused, problemsOfOtherSession(read))
  }

  crashed(crash: Crash): void {
    this.#terminal.section('A second process puts, and is killed before its commit')
    const { processId, orphan, shared, signal, orphanedContents } = crash
    this.#terminal.step(`process ${processId} put ${orphan.label} and ${printable(shared.name)}, then met ${signal}`)
    this.#terminal.check(`${count(orphanedContents, 'orphan')} in the store`, problemsOfCrash(crash))
  }

  swept(sweep: SweepResult, crash: Crash): void {
    this.#terminal.section('Sweep')
    const problems = problemsOfSweep(sweep, crash)
    this.#terminal.check(`${crash.orphan.label} is gone`, problems, sweep.milliseconds)
    if (sweep.sharedIsThere) {
      this.#terminal.check(`${printable(crash.shared.name)} stays: the first session holds it`)
    }
  }

  verified(verification: Verification, puts: readonly FilePut[]): void {
    const { when, files, milliseconds } = verification
    if (when === 'in the same process') this.#terminal.section('Read everything back and hash it')
    const right = `${files.length} of ${count(puts.length, 'file')} right, ${when}`
    this.#terminal.check(right, problemsOfVerification(verification, puts), milliseconds)
  }

  finished({ problems, commit, milliseconds }: DemoReport): void {
    const bytes = commit.refs.reduce((sum, ref) => sum + ref.byteLength, 0)
    this.#terminal.end(problems, `${size(bytes)} committed`, milliseconds)
  }

  /** With whole ids where there is room, else each id in a line of its own below its row. */
  #refTable(puts: readonly FilePut[]): string[] {
    const hasPixels = puts.some(({ ref }) => pixelsOf(ref) !== '')
    const columns = [
      { title: 'file' },
      { title: 'media type' },
      ...(hasPixels ? [{ title: 'pixels', align: 'right' as const }] : []),
      { title: 'bytes', align: 'right' as const },
    ]
    const rows = puts.map(({ name, ref }) => [
      shortened(name),
      shortened(ref.mediaType),
      ...(hasPixels ? [pixelsOf(ref)] : []),
      size(ref.byteLength),
    ])
    const ids = puts.map(({ ref }) => this.#terminal.style('cyan', ref.id))
    const withIds = rows.map((cells, index) => [...cells, ids[index] as string])
    const wide = this.#terminal.table([...columns, { title: 'id' }], withIds)
    if (stringWidth(wide[0] as string) + 2 <= this.#terminal.columns) return wide
    const [titles, ...narrow] = this.#terminal.table(columns, rows)
    return [titles as string, ...narrow.flatMap((line, index) => [line, ids[index] as string])]
  }
}

function shortened(name: string): string {
  return truncate(printable(name), mostNameColumns, { position: 'middle' })
}

function pixelsOf({ width, height }: AttachmentRef): string {
  return width === undefined || height === undefined ? '' : `${width} × ${height}`
}
