import { count, duration, size, type Terminal } from '../../quickstart/src/terminal.ts'
import {
  type Audit,
  type CleanUp,
  type Crash,
  type FinalSweep,
  type Places,
  type ProductionReport,
  problemsOfAudit,
  problemsOfBucket,
  problemsOfCleanUp,
  problemsOfFinalSweep,
  problemsOfManifest,
  problemsOfReads,
  problemsOfUrl,
  type SweeperTally,
  sumOfWork,
  type UrlFetch,
  type Verification,
  type WorkResult,
} from './report.ts'

/** The run as a person reads it: a section for each step, what it proves in a word, times at the right. */
export class TextView {
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Before the servers are there, which may take some seconds. */
  opening(): void {
    this.#terminal.line()
    this.#terminal.line(this.#terminal.style('bold', 'Attachments in production: bytes in S3, refs in PostgreSQL'))
  }

  started({ postgres, schema, s3, prefix, own }: Places, seconds: number): void {
    const whose = (isOwn: boolean) => this.#terminal.style('dim', isOwn ? '(private, started for this run)' : '(yours)')
    this.#terminal.step(`PostgreSQL  ${postgres}, schema ${schema} ${whose(own.postgres)}`)
    this.#terminal.step(`S3          ${s3}, prefix ${prefix} ${whose(own.s3)}`)
    this.#terminal.section(`Two workers and a sweeper, ${count(seconds, 'second')}`)
  }

  progressed(fraction: number, workers: WorkResult['workers'], { reclaimed }: SweeperTally): void {
    const { turns, attachments } = sumOfWork(workers.map(({ tally }) => tally))
    this.#terminal.progress(fraction, `${turns} turns, ${attachments} attachments, ${reclaimed} swept`)
  }

  crashed({ worker, processId, signal, afterMilliseconds, ...found }: Crash): void {
    const left = `${count(found.uncommittedRefs, 'attachment')} put and not committed`
    this.#terminal.step(
      `${worker} (process ${processId}) met ${signal} after ${duration(afterMilliseconds)}, with ${left}`,
    )
    const resumed = `goes on with ${count(found.resumedConversations, 'conversation')}`
    const deletions = found.finishedDeletions
    const finished = deletions === 0 ? '' : `, finished ${count(deletions, 'interrupted deletion')}`
    this.#terminal.check(`started again, it ${resumed}${finished}`)
  }

  worked({ workers, sweeper, problems }: WorkResult): void {
    const columns = [
      'turns',
      'stopped by user',
      'attachments',
      'bytes',
      'read back',
      'put again',
      'deleted conversations',
    ].map(title => ({ title, align: 'right' as const }))
    const rows = workers.map(({ name, tally }) => {
      const { turns, cancelledTurns, attachments, bytes, readBack, putAgain, deletedConversations } = tally
      const numbers = [turns, cancelledTurns, attachments, size(bytes), readBack, putAgain, deletedConversations]
      return [name, ...numbers.map(String)]
    })
    this.#terminal.line()
    for (const line of this.#terminal.table([{ title: 'process' }, ...columns], rows)) this.#terminal.step(line)
    this.#terminal.line()
    const swept = `${count(sweeper.reclaimed, 'content')} taken in ${count(sweeper.sweeps, 'sweep')}`
    this.#terminal.check(`${swept}, meanwhile`, problems)
  }

  swept(sweep: FinalSweep): void {
    this.#terminal.section('Tidy up')
    const taken = `last sweep, without grace: ${count(sweep.reclaimed, 'content')} taken, nothing uncommitted is left`
    this.#terminal.check(taken, problemsOfFinalSweep(sweep), sweep.milliseconds)
  }

  audited(audit: Audit): void {
    const listed = `${count(audit.listed, 'copy', 'copies')} in the bucket`
    const taken = `audit: ${listed}, ${count(audit.reclaimed, 'stray')} taken`
    this.#terminal.check(taken, problemsOfAudit(audit), audit.milliseconds)
  }

  verified(verification: Verification): void {
    const { turns, conversations, refs, right, bytes, copies, milliseconds } = verification
    this.#terminal.section('Check every committed ref')
    const where = `${count(turns, 'turn')} of ${count(conversations, 'conversation')}`
    const read = `${right} of ${count(refs, 'ref')} read back, hashes right: ${where}, ${size(bytes)}`
    this.#terminal.check(read, problemsOfReads(verification), milliseconds)
    this.#terminal.check('turns and manifest say the same', problemsOfManifest(verification))
    const held = `the bucket holds ${count(copies, 'copy', 'copies')}: what is committed, and nothing else`
    this.#terminal.check(held, problemsOfBucket(verification))
  }

  fetched(url: UrlFetch | undefined): void {
    this.#terminal.section('A presigned URL')
    const got = url && `${url.status}, ${size(url.byteLength)} of ${url.mediaType}, hash right`
    this.#terminal.check(`GET without credentials: ${got}`, problemsOfUrl(url), url?.milliseconds)
  }

  cleanedUp(cleanUp: CleanUp): void {
    this.#terminal.section('Clean up')
    const deleted = `${count(cleanUp.objectsDeleted, 'object')} deleted, schema dropped`
    this.#terminal.check(deleted, problemsOfCleanUp(cleanUp))
  }

  finished({ problems, verification, milliseconds }: ProductionReport): void {
    this.#terminal.end(problems, count(verification.refs, 'committed ref'), milliseconds)
  }
}
