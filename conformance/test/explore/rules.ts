import type { ViolationKind } from '@lash/attachments-conformance/explore'
import { type Change, functionsOf } from './source-change.ts'

/** A safety rule of the protocol, the changes to the real code that switch it off, and what goes wrong then. */
export interface Rule {
  readonly rule: string
  readonly off: readonly Change[]
  /** The plan in which the explorer finds it. */
  readonly plan: string
  readonly caught: ViolationKind
}

const ledger = functionsOf('memory/src/manifest/ledger.ts')
const contentRow = functionsOf('memory/src/manifest/content-row.ts')
const session = functionsOf('core/src/session/session.ts')
const heldRefs = functionsOf('core/src/session/held-refs.ts')
const adoption = functionsOf('core/src/session/adoption.ts')
const pending = functionsOf('core/src/session/pending.ts')
const sweep = functionsOf('core/src/sweep/sweep.ts')
const audit = functionsOf('core/src/sweep/audit.ts')

/** Every rule that a guarantee rests on, in the order of the operations. */
export const rules: readonly Rule[] = [
  // Intents.
  {
    rule: 'an intent that meets a claim moves on to the next generation',
    off: [ledger.swap('#meetClaim', 'content.generation++', '')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'an intent that meets a claim ends it',
    off: [ledger.swap('#meetClaim', 'this.#endClaim(content)', '')],
    plan: 'two-sweepers',
    caught: 'needless refusal',
  },
  {
    rule: 'each session has an intent of its own',
    off: [ledger.first('#hold', 'if (content.refs.size > 0) return')],
    plan: 'two-sweepers',
    caught: 'needless refusal',
  },
  {
    rule: 'an intent takes back a release',
    off: [ledger.swap('#begin', 'ref.releasedAt = undefined', '')],
    plan: 'two-sweepers',
    caught: 'needless refusal',
  },
  {
    rule: 'putting committed content again does not un-commit it',
    off: [ledger.instead('staysCommitted', 'return false')],
    plan: 'lost-replies',
    caught: 'safety',
  },
  {
    rule: 'putting released content again does not commit it',
    off: [ledger.swap('#begin', 'ref.committedAt = undefined', '')],
    plan: 'two-sweepers',
    caught: 'phantom commit',
  },
  {
    rule: 'each holder in a session has an intent of its own',
    off: [
      ledger.swap(
        'recordIntent',
        'this.#refs.get(intent.sessionId, intent.holder, intent.attachmentId)',
        'this.find(intent.sessionId, intent.attachmentId, undefined)',
      ),
    ],
    plan: 'holders',
    caught: 'isolation',
  },
  {
    rule: 'an intent does not change the metadata of what is committed',
    off: [
      ledger.swap(
        '#renew',
        'if (!stays) this.#begin(ref, intent)',
        'if (stays) ref.meta = intent.meta\nelse this.#begin(ref, intent)',
      ),
    ],
    plan: 'holders',
    caught: 'metadata',
  },
  {
    rule: 'content that is not known starts at the floor',
    off: [
      ledger.swap(
        'recordIntent',
        'this.#create(intent.attachmentId, this.#floor)',
        'this.#create(intent.attachmentId, 0)',
      ),
    ],
    plan: 'purge',
    caught: 'generation reused',
  },
  {
    rule: 'content that is not known starts at the floor of the moment, not at that before the last purge',
    off: [
      ledger.first('#forgetGenerations', ';(this as any).oldFloor = this.#floor'),
      ledger.swap(
        'recordIntent',
        'this.#create(intent.attachmentId, this.#floor)',
        'this.#create(intent.attachmentId, (this as any).oldFloor ?? 0)',
      ),
    ],
    plan: 'purge',
    caught: 'generation reused',
  },
  // Commits.
  {
    rule: 'a commit of what the session has no ref to is refused',
    off: [ledger.swap('commit', 'else failed.add(id)', 'else if (ref !== undefined) failed.add(id)')],
    plan: 'two-sweepers',
    caught: 'safety',
  },
  {
    rule: 'a commit of what the session has released is refused',
    off: [ledger.swap('mayCommit', 'isLive(ref) &&', '')],
    plan: 'processes',
    caught: 'safety',
  },
  {
    rule: 'a commit is of the generation that its ref names',
    off: [ledger.swap('commit', 'mayCommit(ref, generation)', 'mayCommit(ref)')],
    plan: 'threads',
    caught: 'safety',
  },
  {
    rule: 'a commit is all or nothing',
    off: [ledger.swap('commit', 'if (failed.size === 0)', '')],
    plan: 'two-contents',
    caught: 'phantom commit',
  },
  {
    rule: "a commit is of the holder's own refs",
    off: [ledger.swap('commit', 'this.#refs.get(sessionId, holder, id)', 'this.find(sessionId, id, undefined)')],
    plan: 'holders',
    caught: 'isolation',
  },
  // Releases.
  {
    rule: "a release is of the session's own refs",
    off: [
      ledger.instead(
        '#refsTo',
        `const of = ids ?? this.refsOf(sessionId, holder).map(ref => ref.content.id)
        return of.flatMap(id => [...(this.#contents.get(id)?.refs ?? [])])`,
      ),
    ],
    plan: 'two-sweepers',
    caught: 'isolation',
  },
  {
    rule: "a release by a holder is of the holder's own refs",
    off: [ledger.first('release', 'holder = undefined')],
    plan: 'holders',
    caught: 'isolation',
  },
  // Claims.
  {
    rule: 'content is not claimed while a session has committed it',
    off: [contentRow.instead('isHeld', 'return false')],
    plan: 'two-sweepers',
    caught: 'safety',
  },
  {
    rule: 'a sweep of content that is live drops no ref that is committed',
    off: [ledger.swap('claimOrphans', 'this.#drop(ref)', 'this.#dropAll(content)')],
    plan: 'two-sweepers',
    caught: 'progress',
  },
  {
    rule: 'a claim drops the refs of the content, and a commit under a claim is refused: one of the two',
    off: [ledger.instead('#dropAll', ''), ledger.swap('mayCommit', 'content.claim === undefined &&', '')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'the claim is recorded before the bytes are deleted',
    off: [ledger.swap('#claim', 'content.claim = claim.token', '')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'a claim for a delete is given only when every session has released the content',
    off: [contentRow.instead('isReleased', 'return true')],
    plan: 'delete',
    caught: 'isolation',
  },
  {
    rule: 'a claim looks at the refs as they are when it is made, not as they were before the last commit',
    off: [
      ledger.first('#commitAll', ';(globalThis as any).justCommitted = refs.at(-1)?.content'),
      ledger.first(
        'claimOrphans',
        `for (const ref of (globalThis as any).justCommitted?.refs ?? [])
          if (isCommitted(ref)) this.#change(ref, () => { ref.committedAt = undefined })`,
      ),
      ledger.first('recordIntent', ';(globalThis as any).justCommitted = undefined'),
    ],
    plan: 'one-session',
    caught: 'safety',
  },
  // Settlements.
  {
    rule: 'a settled claim moves the content on to the next generation',
    off: [ledger.swap('#bury', 'content.generation++', '')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'the generation of content is remembered after its reclaim',
    off: [ledger.instead('#bury', 'this.#contents.delete(content.id)')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'only the claim that stands is settled',
    off: [ledger.instead('stands', 'return content !== undefined')],
    plan: 'two-sweepers',
    caught: 'safety',
  },
  // Purges.
  {
    rule: 'a purge raises the floor',
    off: [ledger.swap('#forgetGenerations', 'this.#floor = Math.max(this.#floor, tombstone.generation)', '')],
    plan: 'purge',
    caught: 'generation reused',
  },
  {
    rule: 'an audit of a blob that is not known goes by the floor',
    off: [ledger.swap('claimListed', '?? this.#floor', '?? 0')],
    plan: 'purge-strays',
    caught: 'generation reused',
  },
  // Blobs that no ref names.
  {
    rule: 'an audit leaves blobs of the generation that refs name',
    off: [contentRow.instead('isUnreferenced', 'return content.claim === undefined')],
    plan: 'audit',
    caught: 'safety',
  },
  {
    rule: 'an audit claims a blob of content that is not known, in one step',
    off: [ledger.swap('claimListed', 'if (dryRun)', 'if (dryRun || content === undefined)')],
    plan: 'purge-strays',
    caught: 'generation reused',
  },
  {
    rule: 'an audit claims a blob that no ref names any more, in one step',
    off: [ledger.instead('#claimAt', 'return { attachmentId: content.id, generation, token: randomUUID() }')],
    plan: 'audits',
    caught: 'generation reused',
  },
  {
    rule: 'a claim to a blob of a later generation takes the content there',
    off: [ledger.instead('#claimAt', 'return { ...this.#claim(content), generation }')],
    plan: 'audits',
    caught: 'generation reused',
  },
  {
    rule: 'an audit deletes only what the manifest gives it a claim to',
    off: [
      audit.swap(
        'reclaimUnreferencedAttachments',
        'await manifest.claimBlobs(unreferenced.splice(-batchSize))',
        `unreferenced.splice(-batchSize).map(({ id, generation }) => ({ attachmentId: id, generation, token: '' }))`,
      ),
    ],
    plan: 'audits',
    caught: 'generation reused',
  },
  // Sweepers.
  {
    rule: 'a sweeper deletes the generation that it has claimed, and no other',
    off: [sweep.swap('take', 'delete(id, { generation })', 'delete(id)')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'a claim is settled only when its bytes are deleted',
    off: [sweep.swap('take', 'failed.add(claimName(claim))', 'deleted.push(claim)')],
    plan: 'lost-replies',
    caught: 'progress',
  },
  {
    rule: 'a sweeper deletes before it settles',
    off: [
      sweep.swap('take', 'await manifest.settleClaims(deleted)', ';'),
      sweep.first('take', 'if (claims.length > 0) await manifest.settleClaims(claims)'),
    ],
    plan: 'one-session',
    caught: 'progress',
  },
  // Sessions.
  {
    rule: 'a put writes the generation that its intent was given',
    off: [session.swap('#putContent', '{ generation, signal, ...toldOf }', '{ generation: 0, signal, ...toldOf }')],
    plan: 'one-session',
    caught: 'dangling commit',
  },
  {
    rule: 'a put records its intent before it writes',
    off: [
      session.swap(
        '#putContent',
        'const put =',
        `await inner.put(content, meta, { generation: 0 })
        const put =`,
      ),
    ],
    plan: 'one-session',
    caught: 'progress',
  },
  {
    rule: 'a bare id is offered only while the last intent is that of a put that succeeded',
    off: [pending.swap('bareIds', 'generation === (ref?.generation ?? 0)', 'generation < Number.POSITIVE_INFINITY')],
    plan: 'bare-ids',
    caught: 'dangling commit',
  },
  {
    rule: 'a bare id is not offered after an intent that may or may not be recorded',
    off: [pending.swap('begin', 'Number.POSITIVE_INFINITY', '0')],
    plan: 'bare-ids',
    caught: 'dangling commit',
  },
  {
    rule: 'a delete takes bytes only when every session has released them',
    off: [session.swap('delete', 'releasedOnly: true', 'releasedOnly: false')],
    plan: 'delete',
    caught: 'isolation',
  },
  {
    rule: 'a delete takes the generation that it has claimed, and no other',
    off: [session.swap('delete', 'generation: claim.generation', 'generation: undefined')],
    plan: 'delete',
    caught: 'generation reused',
  },
  {
    rule: 'a session reads only what it holds',
    off: [heldRefs.instead('isLive', 'return entry !== undefined')],
    plan: 'one-session',
    caught: 'isolation',
  },
  {
    rule: "a session sees its own metadata, not another's",
    off: [session.swap('#read', 'storedMeta(id, found.meta.byteLength, ownMeta(entry))', 'found.meta')],
    plan: 'two-sweepers',
    caught: 'isolation',
  },
  // Adoptions.
  {
    rule: 'an adoption records its intent before it looks at the bytes',
    off: [
      adoption.swap(
        'adopt',
        'const generation = await recorded(',
        `const seen = await inner.stat(id, { ...options, generation: source.generation })
        const generation = await recorded(`,
      ),
      adoption.swap('adopt', '(await inner.stat(id, copy))', 'seen'),
    ],
    plan: 'fork',
    caught: 'dangling commit',
  },
  {
    rule: 'an adoption looks at the bytes',
    off: [adoption.swap('adopt', '(await inner.stat(id, copy))?.byteLength !== byteLength', 'false')],
    plan: 'fork',
    caught: 'dangling commit',
  },
  {
    rule: 'an adoption is of what its source holds',
    off: [
      adoption.swap(
        'adopt',
        'readHeld(from,',
        'readHeld({ ...view, manifest: { lookup: async () => ({ attachmentId: id, generation: 0 }) } } as any,',
      ),
    ],
    plan: 'purge-audit',
    caught: 'isolation',
  },
  {
    rule: 'an adoption that finds no bytes takes back nothing that is committed',
    off: [adoption.swap('adopt', 'uncommittedOnly: true', 'uncommittedOnly: false')],
    plan: 'adopt-twice',
    caught: 'safety',
  },
]
