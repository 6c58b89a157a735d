import {
  type AttachmentAuditReport,
  type AttachmentReclamationReport,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
} from '@lash/attachments-core'
import { type Rule, ruleGroup, type SessionCase } from '../case.ts'
import type { AttachmentPair, HostTransaction, SessionFixture } from '../harness.ts'
import { bytesOf, numbered, textOf } from '../run/contents.ts'
import { type CaseContext, provided } from '../run/context.ts'
import { collect } from '../run/samples.ts'
import { type Interceptors, interceptedPair, type Stalled, Stop, type StopName } from './interception.ts'
import { TestSession, textMeta } from './test-session.ts'

/** After every time that a case or a clock here uses: a sweep at it has no grace at all. */
export const noGrace: number = Date.UTC(2200, 0)

type SweepOptions = Parameters<typeof reclaimOrphanedAttachments>[3]
type AuditOptions = Parameters<typeof reclaimUnreferencedAttachments>[3]

/** A pair of store and manifest as some actors see it, and what they do with it. */
export interface PairSteps extends AttachmentPair {
  /** The view of one session or, with a holder, of one holder in it. */
  session(sessionId?: string, holder?: string): TestSession
  /** A sweep without grace. It takes over claims that were made before it began, unless the options say otherwise. */
  sweep(options?: SweepOptions): Promise<AttachmentReclamationReport>
  /** A sweep without grace that presumes every other sweeper dead. */
  takeOverSweep(): Promise<AttachmentReclamationReport>
  /** An audit without grace. */
  audit(options?: AuditOptions): Promise<AttachmentAuditReport>
  /** The same pair, but for the calls that are intercepted. */
  intercepted(interceptors: Interceptors): PairSteps
  /** The same pair with a stop at which work can be made to stall. */
  stoppable(stop: StopName): StoppablePair
  /** Starts work on the pair and has it stall at the stop. Resolves when it has come there. */
  stall<T>(stop: StopName, work: (pair: PairSteps) => Promise<T>): Promise<Stalled<T>>
}

export interface StoppablePair extends PairSteps {
  /** Starts work and has it stall at the stop of the pair. Resolves when it has come there. */
  stallThere<T>(work: () => Promise<T>): Promise<Stalled<T>>
}

/** A pair, fresh and empty, and what a case does to it beside what actors do. */
export interface PairUnderTest extends PairSteps {
  /** Puts a copy into the store that no manifest knows of. */
  putStray(text: string, generation?: number): Promise<void>
  /** Puts so many texts that nobody commits. */
  putOrphans(count: number): Promise<string[]>
  /** What the store holds, sorted: `text` at generation 0, `text@1` at generation 1. */
  blobs(): Promise<string[]>
  /** Other instances over the same data. They are closed after the case. */
  reopen(): Promise<PairSteps>
  /** A pair of its own, fresh and empty. It is closed after the case. */
  another(): Promise<PairSteps>
  /** Sets the manifest's clock. */
  clockAt(epochMs: number): void
  /** Has the manifest forget what it may forget: its clock jumps by a year, if it can be set, and a sweep settles. */
  purge(): Promise<void>
  /** Opens a transaction of the host. */
  begin(): Promise<HostTransaction>
}

/** Makes the cases of one group of sessions on a store and a manifest. */
export function sessionGroup(
  group: string,
  rules: Readonly<Record<string, Rule<PairUnderTest>>>,
): readonly SessionCase[] {
  return ruleGroup('session', group, rules, openPair)
}

async function openPair(context: CaseContext<SessionFixture>): Promise<PairUnderTest> {
  const fixture = await context.create()
  const { store, manifest } = fixture
  const steps = stepsOf({ store, manifest }, context)
  let year = new Date().getUTCFullYear()
  return {
    ...steps,
    async putStray(text, generation) {
      await store.put(bytesOf(text), textMeta, { generation })
    },
    async putOrphans(count) {
      const session = steps.session()
      const texts = numbered('orphan', count)
      await Promise.all(texts.map(text => session.putText(text)))
      return texts
    },
    async blobs() {
      const listed = await collect(store.list())
      return listed.map(({ id, generation }) => `${textOf(id)}${generation === 0 ? '' : `@${generation}`}`).sort()
    },
    async reopen() {
      const reopened = await provided(fixture.reopen, 'reopen').call(fixture)
      return stepsOf({ store: context.use(reopened.store), manifest: context.use(reopened.manifest) }, context)
    },
    async another() {
      const { store, manifest } = await context.create()
      return stepsOf({ store, manifest }, context)
    },
    clockAt: epochMs => provided(fixture.setClock, 'setClock').call(fixture, epochMs),
    async purge() {
      fixture.setClock?.(Date.UTC(++year, 11, 31))
      await manifest.settleClaims([])
    },
    begin: () => provided(fixture.begin, 'begin').call(fixture),
  }
}

function stepsOf(pair: AttachmentPair, context: CaseContext<SessionFixture>): PairSteps {
  const { store, manifest } = pair
  const stoppable = (name: StopName): StoppablePair => {
    const stop = new Stop(name)
    // A case that fails leaves nobody waiting.
    context.defer(async () => stop.open())
    const stopped = stepsOf(interceptedPair(pair, stop.interceptors), context)
    return { ...stopped, stallThere: work => stop.stall(work) }
  }
  return {
    store,
    manifest,
    session: (sessionId = 'session', holder) => new TestSession(pair, sessionId, holder),
    sweep: options => reclaimOrphanedAttachments(manifest, store, noGrace, options),
    takeOverSweep: () => reclaimOrphanedAttachments(manifest, store, noGrace, { staleClaimEpochMs: noGrace }),
    audit: options => reclaimUnreferencedAttachments(manifest, store, noGrace, options),
    intercepted: interceptors => stepsOf(interceptedPair(pair, interceptors), context),
    stoppable,
    stall(name, work) {
      const stopped = stoppable(name)
      return stopped.stallThere(() => work(stopped))
    },
  }
}
