import type { ViolationKind } from '@lash/attachments-conformance/explore'

/** A change to the source. */
export interface Change {
  /** The end of the file's path. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

/** A safety rule of the protocol, how to switch it off, and what goes wrong then. */
export interface Rule {
  readonly rule: string
  readonly off: readonly Change[]
  /** The plan in which the explorer finds it. */
  readonly plan: string
  readonly caught: ViolationKind
}

const ledger = (find: string, replace: string): Change => ({ file: 'memory/src/manifest/ledger.ts', find, replace })
const core = (path: string, find: string, replace: string): Change => ({ file: `core/src/${path}.ts`, find, replace })

/** Every rule that carries a guarantee, in the order of the operations. The changes are to the real code. */
export const rules: readonly Rule[] = [
  // Intents.
  {
    rule: 'an intent that meets a claim moves on to the next generation',
    off: [
      ledger(
        'this.#dropClaim(content)\n      content.generation++\n    }\n    const held',
        'this.#dropClaim(content)\n    }\n    const held',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'an intent that meets a claim ends it',
    off: [
      ledger(
        'this.#dropClaim(content)\n      content.generation++\n    }\n    const held',
        'content.generation++\n    }\n    const held',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'needless refusal',
  },
  {
    rule: 'each session has an intent of its own',
    off: [
      ledger(
        'if (held === undefined) {\n',
        'if (held === undefined) {\n      if (content.refs.size > 0) return content.generation\n',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'needless refusal',
  },
  {
    rule: 'an intent takes back a release',
    off: [ledger('held.releasedAt = undefined', '')],
    plan: 'two-sweepers',
    caught: 'needless refusal',
  },
  {
    rule: 'putting committed content again does not un-commit it',
    off: [ledger('if (!staysCommitted) held.committedAt', 'held.committedAt')],
    plan: 'lost-replies',
    caught: 'safety',
  },
  {
    rule: 'putting released content again does not commit it',
    off: [ledger('if (!staysCommitted) held.committedAt = undefined', '')],
    plan: 'two-sweepers',
    caught: 'phantom commit',
  },
  // Commits.
  {
    rule: 'a commit of what the session has no ref to is refused',
    off: [ledger('else failed.add(id)', 'else if (ref !== undefined) failed.add(id)')],
    plan: 'two-sweepers',
    caught: 'safety',
  },
  {
    rule: 'a commit of what the session has released is refused',
    off: [ledger('ref.releasedAt !== undefined || content.claim !== undefined', 'content.claim !== undefined')],
    plan: 'processes',
    caught: 'safety',
  },
  {
    rule: 'a commit is of the generation that its ref names',
    off: [ledger('isCommittable(ref, generation ?? ref.generation)', 'isCommittable(ref, ref.generation)')],
    plan: 'threads',
    caught: 'safety',
  },
  {
    rule: 'a commit is all or nothing',
    off: [
      ledger('    if (failed.size > 0) return [...failed]\n', ''),
      ledger('    return []\n  }\n\n  release(', '    return [...failed]\n  }\n\n  release('),
    ],
    plan: 'two-contents',
    caught: 'phantom commit',
  },
  // Releases.
  {
    rule: "a release is of the session's own refs",
    off: [
      ledger(
        'const ref = this.find(sessionId, id)\n      if (ref === undefined || ref.releasedAt !== undefined) continue\n',
        'for (const ref of this.#contents.get(id)?.refs ?? [])\n',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'isolation',
  },
  // Claims.
  {
    rule: 'content is not claimed while a session has committed it',
    off: [
      ledger(
        'if (content.committedRefs > 0) {\n        if (!releasedOnly) this.#drop(ref)',
        'if (false) {\n        if (!releasedOnly) this.#drop(ref)',
      ),
      ledger('content.committedRefs > 0 || content.refs.size', 'content.refs.size'),
    ],
    plan: 'two-sweepers',
    caught: 'safety',
  },
  {
    rule: 'a sweep of content that is live drops no ref that is committed',
    off: [ledger('if (!releasedOnly) this.#drop(ref)\n', 'for (const one of [...content.refs]) this.#drop(one)\n')],
    plan: 'two-sweepers',
    caught: 'progress',
  },
  {
    rule: 'a claim drops the refs of the content, and a commit under a claim is refused: one of the two',
    off: [
      ledger('for (const dropped of [...content.refs]) this.#drop(dropped)\n', ''),
      ledger('ref.releasedAt !== undefined || content.claim !== undefined', 'ref.releasedAt !== undefined'),
    ],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'the claim is recorded before the bytes are deleted',
    off: [ledger('content.claim = token\n', '')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'a claim for a delete is given only when every session has released the content',
    off: [ledger('else if (!releasedOnly || allReleased(content)) {', 'else {')],
    plan: 'delete',
    caught: 'isolation',
  },
  {
    rule: 'a claim looks at the refs as they are when it is made, not as they were before the last commit',
    off: [
      ledger(
        'const committedAt = this.#now()\n',
        'const committedAt = this.#now()\n    ;(globalThis as any).justCommitted = refs.at(-1)?.content\n',
      ),
      ledger(
        'const claims = this.#takeOver(query)\n',
        'const claims = this.#takeOver(query)\n    for (const ref of (globalThis as any).justCommitted?.refs ?? []) if (isCommitted(ref)) this.#change(ref, () => { ref.committedAt = undefined })\n',
      ),
      ledger(
        'const held = this.find(intent.sessionId',
        ';(globalThis as any).justCommitted = undefined\n    const held = this.find(intent.sessionId',
      ),
    ],
    plan: 'one-session',
    caught: 'safety',
  },
  // Settlements.
  {
    rule: 'a settled claim moves the content on to the next generation',
    off: [
      ledger(
        'this.#dropClaim(content)\n      content.generation++\n      this.#bury',
        'this.#dropClaim(content)\n      this.#bury',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'the generation of content is remembered after its reclaim',
    off: [
      ledger(
        'content.generation++\n      this.#bury(content)\n    }\n    this.#purge()',
        'this.#contents.delete(content.id)\n    }\n    this.#purge()',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'only the claim that stands is settled',
    off: [
      ledger(
        'if (content?.claim === undefined || content.claim !== token) continue',
        'if (content === undefined) continue',
      ),
    ],
    plan: 'two-sweepers',
    caught: 'safety',
  },
  // Blobs that no ref names.
  {
    rule: 'an audit leaves blobs of the generation that refs name',
    off: [
      ledger(
        'if (content.claim !== undefined || content.refs.size > 0) return undefined',
        'if (content.claim !== undefined) return undefined',
      ),
    ],
    plan: 'audit',
    caught: 'safety',
  },
  {
    rule: 'an audit claims a blob of content that is not known, in one step',
    off: [
      ledger(
        'if (content === undefined) return this.#claim(this.#create(id, generation))',
        "if (content === undefined) return { attachmentId: id, generation, token: '' }",
      ),
    ],
    plan: 'audit',
    caught: 'generation reused',
  },
  {
    rule: 'an audit claims a blob that no ref names any more, in one step',
    off: [
      ledger(
        'content.generation = generation\n    return this.#claim(content)',
        "return { attachmentId: id, generation, token: '' }",
      ),
    ],
    plan: 'audits',
    caught: 'generation reused',
  },
  {
    rule: 'a claim to a blob of a later generation takes the content there',
    off: [
      ledger(
        'content.generation = generation\n    return this.#claim(content)',
        'return { ...this.#claim(content), generation }',
      ),
    ],
    plan: 'audits',
    caught: 'generation reused',
  },
  {
    rule: 'an audit deletes only what the manifest gives it a claim to',
    off: [
      core(
        'sweep/audit',
        'batch.length === 0 ? [] : await manifest.claimBlobs(batch)',
        "batch.map(blob => ({ attachmentId: blob.id, generation: blob.generation, token: '' }))",
      ),
    ],
    plan: 'audit',
    caught: 'generation reused',
  },
  // Sweepers.
  {
    rule: 'a sweeper deletes the generation that it has claimed, and no other',
    off: [core('sweep/sweep', 'this.#store.delete(id, { generation })', 'this.#store.delete(id)')],
    plan: 'two-sweepers',
    caught: 'generation reused',
  },
  {
    rule: 'a claim is settled only when its bytes are deleted',
    off: [
      core(
        'sweep/sweep',
        'if (!signal?.aborted && (await this.#delete(claim))) deleted.push(claim)',
        'await this.#delete(claim)\n        deleted.push(claim)',
      ),
    ],
    plan: 'lost-replies',
    caught: 'progress',
  },
  {
    rule: 'a sweeper deletes before it settles',
    off: [
      core('sweep/sweep', 'if (deleted.length > 0) await this.#manifest.settleClaims(deleted)', ''),
      core(
        'sweep/sweep',
        'const deleted: OrphanClaim[] = []',
        'const deleted: OrphanClaim[] = []\n    if (fresh.length > 0) await this.#manifest.settleClaims(fresh)',
      ),
    ],
    plan: 'one-session',
    caught: 'progress',
  },
  // Sessions.
  {
    rule: 'a put writes the generation that its intent was given',
    off: [
      core(
        'session/session',
        'this.inner.put(content, meta, { generation, signal })',
        'this.inner.put(content, meta, { generation: 0, signal })',
      ),
    ],
    plan: 'one-session',
    caught: 'dangling commit',
  },
  {
    rule: 'a put records its intent before it writes',
    off: [
      core(
        'session/session',
        'if (together === undefined) generation =',
        'await this.inner.put(content, meta, { generation: 0 })\n      if (together === undefined) generation =',
      ),
    ],
    plan: 'one-session',
    caught: 'progress',
  },
  {
    rule: 'a bare id is offered only while the last intent is that of a put that succeeded',
    off: [core('session/pending', '(ref.generation ?? 0) === intentGeneration', 'true')],
    plan: 'bare-ids',
    caught: 'dangling commit',
  },
  {
    rule: 'a bare id is not offered after an intent that may or may not be recorded',
    off: [core('session/pending', '!intentUnknown &&', '')],
    plan: 'bare-ids',
    caught: 'dangling commit',
  },
  {
    rule: 'a delete takes bytes only when every session has released them',
    off: [core('session/session', ', releasedOnly: true }', ' }')],
    plan: 'delete',
    caught: 'isolation',
  },
  {
    rule: 'a delete takes the generation that it has claimed, and no other',
    off: [
      core(
        'session/session',
        'this.inner.delete(claim.attachmentId, { generation: claim.generation, signal })',
        'this.inner.delete(claim.attachmentId, { signal })',
      ),
    ],
    plan: 'delete',
    caught: 'generation reused',
  },
  {
    rule: 'a session reads only what it holds',
    off: [
      core(
        'session/session',
        'if (entry === undefined || !isLive(entry)) return undefined',
        'if (entry === undefined) return undefined',
      ),
    ],
    plan: 'one-session',
    caught: 'isolation',
  },
  {
    rule: "a session sees its own metadata, not another's",
    off: [core('session/session', "entry.meta ?? { mediaType: 'application/octet-stream' }", 'stored')],
    plan: 'two-sweepers',
    caught: 'isolation',
  },
]
