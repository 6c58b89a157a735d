import { formatBytes, formatCount, formatMilliseconds } from '../../quickstart/src/format.ts'
import { progressBar } from '../../quickstart/src/progress-bar.ts'
import { table } from '../../quickstart/src/table.ts'
import type { Style, Terminal } from '../../quickstart/src/terminal.ts'
import type { SweeperTally, WorkerTally } from './messages.ts'
import type {
  Audit,
  CleanUp,
  Crash,
  FinalSweep,
  Places,
  ProductionReport,
  UrlFetch,
  Verification,
  WorkResult,
} from './report.ts'
import type { ProductionView } from './view.ts'

const columns = [
  { title: 'process' },
  { title: 'turns', align: 'right' },
  { title: 'stopped by user', align: 'right' },
  { title: 'attachments', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'read back', align: 'right' },
  { title: 'put again', align: 'right' },
  { title: 'deleted conversations', align: 'right' },
] as const

/** The run as a person reads it: a section for each step, what it proves in a word, times at the right. */
export class TextView implements ProductionView {
  readonly #terminal: Terminal
  #sections = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Before the servers are there, which may take some seconds. */
  opening(): void {
    this.#terminal.line()
    this.#terminal.line(this.#style('bold', 'Attachments in production: bytes in S3, refs in PostgreSQL'))
  }

  started({ postgres, schema, s3, prefix, own }: Places, seconds: number): void {
    const whose = (isOwn: boolean) => this.#style('dim', isOwn ? '(private, started for this run)' : '(yours)')
    this.#step(`PostgreSQL  ${postgres}, schema ${schema} ${whose(own.postgres)}`)
    this.#step(`S3          ${s3}, prefix ${prefix} ${whose(own.s3)}`)
    this.#section(`Two workers and a sweeper, ${formatCount(seconds, 'second')}`)
  }

  progressed(elapsed: number, seconds: number, done: WorkerTally, swept: SweeperTally): void {
    this.#terminal.draw(() => {
      const bar = this.#style('cyan', progressBar(elapsed / seconds, 24))
      return `  ${bar}  ${done.turns} turns, ${done.attachments} attachments, ${swept.reclaimed} swept`
    })
  }

  crashed({ worker, processId, signal, afterMilliseconds, ...found }: Crash): void {
    const left = formatCount(found.uncommittedRefs, 'attachment')
    const when = `${(afterMilliseconds / 1000).toFixed(1)} s`
    this.#step(`${worker} (process ${processId}) met ${signal} after ${when}, with ${left} put and not committed`)
    const resumed = `goes on with ${formatCount(found.resumedConversations, 'conversation')}`
    const deletions = found.finishedDeletions
    const finished = deletions === 0 ? '' : `, finished ${formatCount(deletions, 'interrupted deletion')}`
    this.#check(true, `started again, it ${resumed}${finished}`)
  }

  worked({ workers, sweeper, problems }: WorkResult): void {
    const rows = workers.map(({ name, tally }) =>
      [
        name,
        tally.turns,
        tally.cancelledTurns,
        tally.attachments,
        formatBytes(tally.bytes),
        tally.readBack,
        tally.putAgain,
        tally.deletedConversations,
      ].map(String),
    )
    this.#terminal.line()
    for (const line of table(this.#terminal, columns, rows)) this.#step(line)
    this.#terminal.line()
    const swept = `${formatCount(sweeper.reclaimed, 'content')} taken in ${formatCount(sweeper.sweeps, 'sweep')}`
    this.#check(sweeper.failures === 0, `${swept}, meanwhile`)
    for (const problem of problems.slice(0, 10)) this.#check(false, problem)
  }

  swept({ reclaimed, failures, uncommitted, milliseconds }: FinalSweep): void {
    this.#section('Tidy up')
    const right = failures.length === 0 && uncommitted === 0
    const left = uncommitted === 0 ? 'nothing uncommitted is left' : `${uncommitted} uncommitted are left`
    this.#check(right, `last sweep, without grace: ${formatCount(reclaimed, 'content')} taken, ${left}`, milliseconds)
  }

  audited({ listed, reclaimed, failures, strayIsGone, milliseconds }: Audit): void {
    const took = `${formatCount(listed, 'copy', 'copies')} in the bucket, ${formatCount(reclaimed, 'stray')} taken`
    this.#check(strayIsGone && failures.length === 0, `audit: ${took}`, milliseconds)
  }

  verified(verification: Verification): void {
    const { turns, conversations, refs, right, bytes, disagreements, milliseconds } = verification
    this.#section('Check every committed ref')
    const where = `${formatCount(turns, 'turn')} of ${formatCount(conversations, 'conversation')}`
    this.#check(
      refs > 0 && right === refs,
      `${right} of ${formatCount(refs, 'ref')} read back, hashes right: ${where}, ${formatBytes(bytes)}`,
      milliseconds,
    )
    const agreed = disagreements.length === 0
    this.#check(
      agreed,
      agreed ? 'turns and manifest say the same' : `turns and manifest differ ${disagreements.length} times`,
    )
    const { copies, missingCopies: missing, unexpectedCopies: unexpected } = verification
    const exact = missing.length === 0 && unexpected.length === 0
    const difference = `${missing.length} are missing, ${unexpected.length} are too many`
    const held = `the bucket holds ${formatCount(copies, 'copy', 'copies')}`
    this.#check(exact, `${held}: ${exact ? 'what is committed, and nothing else' : difference}`)
  }

  fetched(url: UrlFetch | undefined): void {
    this.#section('A presigned URL')
    if (url === undefined) {
      this.#check(false, 'there was nothing to make one for')
      return
    }
    const right = url.status === 200 && url.matches && url.mediaType === url.expectedMediaType
    const what = `${formatBytes(url.byteLength)} of ${url.mediaType}`
    this.#check(
      right,
      `GET without credentials: ${url.status}, ${what}, hash ${url.matches ? 'right' : 'wrong'}`,
      url.milliseconds,
    )
  }

  cleanedUp({ objectsDeleted, objectsLeft, schemaLeft }: CleanUp): void {
    this.#section('Clean up')
    const right = objectsLeft === 0 && !schemaLeft
    this.#check(
      right,
      `${formatCount(objectsDeleted, 'object')} deleted, schema dropped${right ? '' : '; not all is gone'}`,
    )
  }

  finished({ ok, problems, verification, milliseconds }: ProductionReport): void {
    const line = (text: string) => this.#terminal.line(text)
    line('')
    if (ok) {
      const refs = formatCount(verification?.refs ?? 0, 'committed ref')
      const took = this.#style('dim', `(${formatMilliseconds(milliseconds)})`)
      line(`${this.#style(['bold', 'green'], 'All is well')}: ${refs}, no byte lost. ${took}`)
    } else {
      line(this.#style(['bold', 'red'], formatCount(problems.length, 'thing is off:', 'things are off:')))
      for (const problem of problems) line(`  ${problem}`)
    }
    line('')
  }

  #style(style: Style, text: string): string {
    return this.#terminal.style(style, text)
  }

  #section(title: string): void {
    this.#sections++
    this.#terminal.line()
    this.#terminal.line(this.#style('bold', `${this.#sections}  ${title}`))
  }

  #step(text: string): void {
    this.#terminal.line(`  ${text}`)
  }

  #check(right: boolean, text: string, milliseconds?: number): void {
    const mark = right ? this.#style('green', '✓') : this.#style('red', '✗')
    const took = milliseconds === undefined ? '' : this.#style('dim', ` (${formatMilliseconds(milliseconds)})`)
    this.#step(`${mark} ${text}${took}`)
  }
}
