import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError, type AttachmentManifestEntry } from '@lash/attachments-core'
import type * as FastCheck from 'fast-check'
import type { Generator } from '../../run/random-values.ts'
import { collect } from '../../run/samples.ts'
import {
  type Call,
  contents,
  holders,
  idFor,
  idsText,
  idText,
  mostly,
  objectText,
  type Scope,
  type Subject,
  scopes,
  sessions,
  someContents,
  times,
  uriFor,
} from './call.ts'
import type { Target } from './reference-manifest.ts'
import { sameEntries, sameEntry } from './same-entries.ts'

/** The calls that sessions make. */
export function callsOfSessions(fc: Generator): FastCheck.WeightedArbitrary<Call>[] {
  const holder = mostly(fc, holders)
  const session = mostly(fc, sessions)
  const content = mostly(fc, contents)
  const time = fc.constantFrom(...times)
  const label = fc.option(fc.constantFrom('x', 'y'), { nil: undefined })
  const refs = fc.array(fc.record({ content, how: mostly(fc, ['exact', 'bare', 'other'] as const) }), { maxLength: 3 })
  const some = fc.option(someContents(fc), { nil: undefined })
  const scope = scopes(fc)
  return [
    { weight: 7, arbitrary: fc.record({ session, holder, content, time, label }).map(recordIntent) },
    { weight: 7, arbitrary: fc.record({ session, holder, refs }).map(commitRefs) },
    { weight: 3, arbitrary: fc.record({ scope, some, uncommittedOnly: fc.boolean() }).map(releaseRefs) },
    { weight: 3, arbitrary: fc.record({ scope, name: mostly(fc, [...contents, 'a!']) }).map(lookup) },
    { weight: 1, arbitrary: scope.map(listRefs) },
  ]
}

interface IntentOf {
  readonly session: string
  readonly holder: string
  readonly content: string
  readonly time: number
  readonly label: string | undefined
}

export function recordIntent({ session, holder, content, time, label }: IntentOf): Call {
  const meta = label === undefined ? undefined : { mediaType: 'text/plain', label }
  const said = { sessionId: session, holder, intentAtEpochMs: time, ...(meta === undefined ? {} : { meta }) }
  const intent = { attachmentId: idFor(content), canonicalUri: uriFor(content), byteLength: content.length, ...said }
  return {
    code: on => `await ${on}.recordIntent({ ...intentFor(${content}), ${objectText(said).slice(2)})`,
    async run({ manifest, reference }) {
      const [lowest, highest] = reference.nextGenerations(intent.attachmentId)
      const generation = await manifest.recordIntent(intent)
      const isRight = Number.isSafeInteger(generation) && generation >= lowest && generation <= highest
      assert.ok(isRight, `gave generation ${generation}, and only ${lowest} to ${highest} are right`)
      reference.recordIntent(intent, generation)
      return generation
    },
  }
}

interface CommitOf {
  readonly session: string
  readonly holder: string
  /** By a ref of the generation at which the content is, by a bare id, or by a ref of another generation. */
  readonly refs: readonly { readonly content: string; readonly how: 'exact' | 'bare' | 'other' }[]
}

function commitRefs({ session, holder, refs }: CommitOf): Call {
  const refText = { exact: 'ref', bare: 'bare', other: 'otherRef' }
  return {
    code: on =>
      `await ${on}.commitRefs('${session}', [${refs.map(({ content, how }) => `${refText[how]}(${content})`).join(', ')}], ${objectText({ holder })})`,
    async run({ manifest, reference }) {
      const targets = refs.map(({ content, how }): Target => {
        const id = idFor(content)
        const { generation } = reference.content(id)
        if (how === 'bare') return { id }
        return { id, generation: how === 'exact' ? generation : generation === 0 ? 1 : generation - 1 }
      })
      const given = targets.map(({ id, generation }) =>
        generation === undefined ? id : { id, generation, byteLength: 1, mediaType: 'image/png' },
      )
      const expired = await manifest.commitRefs(session, given, { holder }).then(
        () => [],
        (error: unknown) => {
          if (AttachmentIntentExpiredError.isInstance(error)) return [...error.ids]
          throw error
        },
      )
      assert.deepEqual(expired.sort(), reference.commit(session, holder, targets).sort(), 'the ids that are refused')
      return expired.length === 0 ? undefined : 'refused'
    },
  }
}

interface ReleaseOf {
  readonly scope: Scope
  readonly some: readonly string[] | undefined
  readonly uncommittedOnly: boolean
}

function releaseRefs({ scope: { session, holder }, some, uncommittedOnly }: ReleaseOf): Call {
  const options = { holder, ...(uncommittedOnly ? { uncommittedOnly } : {}) }
  const ids = some?.map(idFor)
  return {
    code: on =>
      `await ${on}.releaseRefs('${session}', ${some === undefined ? 'undefined' : idsText(some)}, ${objectText(options)})`,
    async run({ manifest, reference }) {
      await manifest.releaseRefs(session, ids, options)
      reference.release(session, holder, ids, uncommittedOnly)
    },
  }
}

function lookup({ scope: { session, holder }, name }: { scope: Scope; name: string }): Call {
  return {
    code: on => `await ${on}.lookup('${session}', ${idText(name)}, ${objectText({ holder })})`,
    async run(subject) {
      const found = await subject.manifest.lookup(session, idFor(name), { holder })
      const allowed = subject.reference.candidates(session, holder, idFor(name))
      // Of refs of the same state and time, any may come.
      const expected = allowed.find(ref => ref.holder === found?.holder) ?? allowed[0]
      sameEntry(found, expected, 'the ref')
      return summaryOf(found)
    },
  }
}

export function listRefs({ session, holder }: Scope): Call {
  return {
    code: on => `await ${on}.listRefs('${session}', ${objectText({ holder })})`,
    run: subject => listed(subject, { session, holder }),
  }
}

async function listed({ manifest, reference }: Subject, { session, holder }: Scope): Promise<string> {
  const entries = await collect(manifest.listRefs(session, { holder }))
  sameEntries(entries, reference.refsOf(session, holder), 'the refs')
  return `${entries.length} refs`
}

function summaryOf(entry: AttachmentManifestEntry | undefined): string | undefined {
  return entry && `the ref of '${entry.holder}'`
}
