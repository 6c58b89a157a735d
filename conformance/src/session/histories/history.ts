import assert from 'node:assert/strict'
import type * as FastCheck from 'fast-check'
import type { SessionFixture } from '../../harness.ts'
import { endOfTime } from '../../manifest/histories/call.ts'
import type { Generator } from '../../run/random-values.ts'
import type { Call, Subject } from './call.ts'
import { callsOfSessions, list, read, sorted, usage } from './calls-of-sessions.ts'
import { audit, callsOfSweepers, listCopies, sweep } from './calls-of-sweepers.ts'
import { ReferencePair } from './reference-pair.ts'
import { type Clock, contents, type OpenPair, openPair, viewNames } from './views.ts'

/** Calls one after the other, each with which of two instances makes it. */
export type History = readonly { readonly call: Call; readonly other: boolean }[]

/** Random histories of at most so many calls. */
export function histories(fc: Generator, maxLength: number): FastCheck.Arbitrary<History> {
  const call = fc.oneof(...callsOfSessions(fc), ...callsOfSweepers(fc))
  const other = fc.constantFrom(false, false, true)
  return fc.noBias(fc.array(fc.record({ call, other }), { maxLength, size: 'max' }))
}

const withoutGrace = { olderThan: endOfTime, staleClaim: endOfTime, batchSize: 1 }

/** Every content, as every view has it. */
const reads = contents.flatMap(name => viewNames.map(view => read({ view, name, how: 'get' })))

const seenAtTheEnd: readonly Call[] = [
  ...reads,
  ...viewNames.flatMap(name => [list(name), usage(name)]),
  listCopies,
  sweep({ ...withoutGrace, dryRun: true }),
  audit(true),
]

/** After these, what is committed is there, and nothing else. */
const lastCalls: readonly Call[] = [sweep({ ...withoutGrace, dryRun: false }), audit(false), listCopies, ...reads]

/**
 * Makes the calls on a fresh pair.
 * @throws AssertionError when one of them does not do what the contract says, with the program up to there.
 */
export async function runHistory(fixture: SessionFixture, history: History): Promise<void> {
  const ran = new RunningHistory(fixture)
  try {
    for (const { call, other } of history) await ran.make(call, other ? 'other' : 'pair')
    for (const call of seenAtTheEnd) await ran.look(call)
    for (const call of lastCalls) await ran.make(call, 'pair')
  } finally {
    await ran.close()
  }
}

type PairName = 'pair' | 'other'

/** Two instances over the same data and their reference, and the program so far. */
class RunningHistory {
  readonly #fixture: SessionFixture
  readonly #clock: Clock = { now: 0 }
  readonly #subject: Omit<Subject, 'pair' | 'reopen'>
  readonly #pairs = new Map<PairName, OpenPair>()
  readonly #program: string[] = []

  constructor(fixture: SessionFixture) {
    this.#fixture = fixture
    const clock = this.#clock
    const setClock = (epochMs: number) => {
      clock.now = epochMs
      fixture.setClock?.(epochMs)
    }
    setClock(0)
    const reference = new ReferencePair(clock, fixture.setClock === undefined ? Date.now : () => clock.now)
    this.#subject = { reference, refs: [], claims: [], setClock }
  }

  async make(call: Call, name: PairName): Promise<void> {
    const line = call.code(name)
    const result = await this.#run(call, name, line)
    this.#program.push(result === undefined ? line : `${line} // ${result === '' ? 'nothing' : result}`)
  }

  /** A call that changes nothing is in the program only when it fails. */
  async look(call: Call): Promise<void> {
    await this.#run(call, 'pair', call.code('pair'))
  }

  async close(): Promise<void> {
    for (const name of [...this.#pairs.keys()]) await this.#close(name)
  }

  async #run(call: Call, name: PairName, line: string): Promise<unknown> {
    const pair = await this.#opened(name)
    try {
      const result = await call.run({ ...this.#subject, pair, reopen: () => this.#close(name) })
      checkPending(name, pair)
      return result
    } catch (error) {
      assert.fail(programText([...this.#program, line], error))
    }
  }

  /** Only the fixture's own pair where the harness cannot reopen it: then the other one has views of its own. */
  async #opened(name: PairName): Promise<OpenPair> {
    const open = this.#pairs.get(name)
    if (open !== undefined) return open
    const reopened = name === 'pair' ? undefined : await this.#fixture.reopen?.()
    const pair = openPair(reopened ?? this.#fixture, this.#clock)
    this.#pairs.set(name, pair)
    return pair
  }

  /** The fixture closes its own. */
  async #close(name: PairName): Promise<void> {
    const pair = this.#pairs.get(name)
    this.#pairs.delete(name)
    if (pair === undefined || pair.store === this.#fixture.store) return
    await pair.store.close()
    await pair.manifest.close()
  }
}

function checkPending(name: PairName, { views }: OpenPair): void {
  for (const [view, { store, pending }] of Object.entries(views)) {
    const expected = sorted([...pending.values()])
    assert.deepEqual(sorted(store.pendingRefs()), expected, `what is pending in ${name}.${view}`)
  }
}

const legend = `(a and bb are contents; chat and fork: views of two sessions; draft, message: of holders in chat; forkDraft:
of one in fork; other: a second instance over the same data, or the same with views of its own; reopened: with new
views; lastRefs[0]: the ref that was given last; lastClaims[0]: what was claimed last; goOn: deletes and settles it;
putStray: into the store, so far above the generation of the content)`

function programText(lines: readonly string[], error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return ['the last of these calls on an empty pair went wrong:', '', ...lines, '', reason, '', legend].join('\n')
}
