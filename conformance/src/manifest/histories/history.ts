import assert from 'node:assert/strict'
import type { AttachmentManifest } from '@lash/attachments-core'
import type * as FastCheck from 'fast-check'
import type { ManifestFixture } from '../../harness.ts'
import type { Generator } from '../../run/random-values.ts'
import { type Call, contents, endOfTime, type Subject, sessions } from './call.ts'
import { callsOfSessions, listRefs, recordIntent } from './calls-of-sessions.ts'
import { callsOfSweepers, claimBlobs, claimOrphans, listUncommitted } from './calls-of-sweepers.ts'
import { ReferenceManifest } from './reference-manifest.ts'

/** Calls one after the other; of two instances, each call says which one makes it. */
export type History = readonly { readonly call: Call; readonly other: boolean }[]

/** Random histories of at most so many calls. */
export function histories(fc: Generator, maxLength: number): FastCheck.Arbitrary<History> {
  const call = fc.oneof(...callsOfSessions(fc), ...callsOfSweepers(fc))
  return fc.noBias(fc.array(fc.record({ call, other: fc.boolean() }), { maxLength, size: 'max' }))
}

/** What everybody can see without changing anything. The refs of the first session are looked at after every call. */
const seenAfterEach: Call = listRefs({ session: sessions[0] ?? '', holder: undefined })
const seenAtTheEnd: readonly Call[] = [
  ...sessions.map(session => listRefs({ session, holder: undefined })),
  listUncommitted(endOfTime),
  claimBlobs({ copies: contents.flatMap(content => [-1, 0, 1].map(above => ({ content, above }))), dryRun: true }),
]

/** What shows the rest: claims, and generations. */
const lastCalls: readonly Call[] = [
  claimOrphans({ query: { olderThanEpochMs: endOfTime, limit: 100, staleClaimEpochMs: endOfTime }, some: undefined }),
  ...contents.map(content => recordIntent({ session: 'chat', holder: '', content, time: 0, label: undefined })),
]

/**
 * Makes the calls on a fresh manifest.
 * @throws AssertionError when one of them does not do what the contract says, with the program up to there.
 */
export async function runHistory(fixture: ManifestFixture, history: History): Promise<void> {
  const { manifest } = fixture
  const other = history.some(step => step.other) ? await fixture.reopen?.() : undefined
  const ran = new RunningHistory(fixture)
  try {
    for (const { call, other: isOther } of history) {
      if (isOther && other !== undefined) await ran.make(call, other, 'other')
      else await ran.make(call, manifest, 'manifest')
      await ran.look(seenAfterEach, manifest)
    }
    for (const call of seenAtTheEnd) await ran.look(call, manifest)
    for (const call of lastCalls) await ran.make(call, manifest, 'manifest')
  } finally {
    await other?.close()
  }
}

/** A manifest and its reference, and the program so far. */
class RunningHistory {
  readonly #subject: Omit<Subject, 'manifest'>
  readonly #program: string[] = []

  constructor(fixture: ManifestFixture) {
    let clock = 0
    const setClock = (epochMs: number) => {
      clock = epochMs
      fixture.setClock?.(epochMs)
    }
    const hasClock = fixture.setClock !== undefined
    if (hasClock) setClock(0)
    const reference = new ReferenceManifest(() => (hasClock ? clock : Date.now()))
    this.#subject = { reference, claims: [], setClock: hasClock ? setClock : undefined }
  }

  async make(call: Call, manifest: AttachmentManifest, name: string): Promise<void> {
    const line = call.code(name)
    const result = await this.#run(call, manifest, line)
    this.#program.push(result === undefined ? line : `${line} // ${result}`)
  }

  /** A call that changes nothing is in the program only when it fails. */
  async look(call: Call, manifest: AttachmentManifest): Promise<void> {
    await this.#run(call, manifest, call.code('manifest'))
  }

  async #run(call: Call, manifest: AttachmentManifest, line: string): Promise<unknown> {
    try {
      return await call.run({ ...this.#subject, manifest })
    } catch (error) {
      assert.fail(programText([...this.#program, line], error))
    }
  }
}

const legend = `(a and b are contents; intentFor(a): its id, URI and length; ref(a): a ref at its generation, otherRef(a):
at another one, bare(a): its id; copy(a, 1): its copy so far above the next generation; lastClaims[0]: what was claimed
last; other: a second instance over the same data)`

function programText(lines: readonly string[], error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return ['the last of these calls on an empty manifest went wrong:', '', ...lines, '', reason, '', legend].join('\n')
}
