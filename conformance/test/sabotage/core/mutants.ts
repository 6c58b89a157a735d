import { type Mutant, swapsIn } from './mutant.ts'
import { portableManifestMutants } from './portable-manifest-mutants.ts'

const session = swapsIn('session/session.ts')
const held = swapsIn('session/held-refs.ts')
const adoption = swapsIn('session/adoption.ts')
const audit = swapsIn('sweep/audit.ts')
const sweep = swapsIn('sweep/sweep.ts')
const pending = swapsIn('session/pending.ts')
const reclaim = swapsIn('sweep/reclaim.ts')

const recording = 'const generation = await recorded(id, options.signal, () => manifest.recordIntent(intent))'
const looking = '(await inner.stat(id, copy))?.byteLength'

const views: readonly Mutant[] = [
  {
    defect: 'withHolder forgets the holder',
    swaps: [session('{ holder, now: this.#now })', '{ now: this.#now })')],
    caughtBy: ['session/holders/with-holder'],
  },
  {
    defect: 'a view is made with any holder',
    swaps: [session('checkHolder(options.holder)', 'options.holder')],
    caughtBy: ['session/holders/refused'],
  },
  {
    defect: 'a view commits for no holder, whatever its own is',
    swaps: [session("holder: this.holder ?? ''", "holder: ''")],
    caughtBy: ['session/holders/commits-its-own', 'session/commit of given refs/in-two-requests'],
  },
  {
    defect: 'a view of a holder lists and releases what the whole session has',
    swaps: [
      held('manifest.listRefs(sessionId, { holder })', 'manifest.listRefs(sessionId, { holder: void holder })'),
      session('releaseRefs(this.sessionId, ids, { holder: this.holder })', 'releaseRefs(this.sessionId, ids)'),
    ],
    caughtBy: ['session/holders/lists-its-own', 'session/holders/releases-its-own', 'session/usage/of-a-holder'],
  },
  {
    defect: 'a view of a holder reads what that holder has, and nothing else of its session',
    swaps: [held('await abortable(manifest.lookup(sessionId, id), signal)', 'undefined')],
    caughtBy: ['session/holders/reads-all-of-the-session'],
  },
  {
    defect: "a view of a holder shows another's metadata before its own",
    swaps: [
      held('manifest.lookup(sessionId, id, { holder })', 'manifest.lookup(sessionId, id, { holder: void holder })'),
    ],
    caughtBy: ['session/holders/own-metadata-first', 'session/ref/own-first', 'session/chats/other-name'],
  },
  {
    defect: 'a view shows nothing of content that its own holder has released and another has',
    swaps: [held('isLive(own) ? own', 'own !== undefined ? own')],
    caughtBy: ['session/holders/releases-its-own', 'session/holders/own-metadata-first'],
  },
  {
    defect: 'content that two holders have is listed and counted twice',
    swaps: [held('|| seen.has(entry.attachmentId)', '')],
    caughtBy: ['session/holders/lists-its-own', 'session/usage/each-content-once'],
  },
  {
    defect: 'what is released is still listed and counted',
    swaps: [held('!isLive(entry) || seen', 'seen')],
    caughtBy: ['session/holders/lists-its-own', 'session/usage/live-only'],
  },
  {
    defect: 'ref and usage ask the store for lengths that the manifest knows',
    swaps: [held('isTrusted ? byteLength : undefined', 'undefined as undefined | number')],
    caughtBy: ['session/ref/of-the-manifest-alone', 'session/usage/of-the-manifest-alone'],
  },
  {
    defect: 'ref leaves out the generation',
    swaps: [session('ownMeta(entry)), entry.generation)', 'ownMeta(entry)), 0)')],
    caughtBy: ['session/ref/vouched'],
  },
]

const commits: readonly Mutant[] = [
  {
    defect: 'a commit takes no notice of the refs that it is given',
    swaps: [session('const wanted = refs ?? pending', 'const wanted = (void refs, pending)')],
    caughtBy: ['session/commit of given refs/put-by-another-view', 'session/commit of given refs/in-two-requests'],
  },
  {
    defect: 'a commit of given refs also commits what is pending',
    swaps: [session('const wanted = refs ?? pending', 'const wanted = [...(refs ?? []), ...pending]')],
    caughtBy: ['session/commit of given refs/leaves-the-rest-pending'],
  },
  {
    defect: 'a commit of given refs takes everything off the list of what is pending',
    swaps: [session('if (names.has(physicalName(ref)))', 'if (names.size > 0)')],
    caughtBy: ['session/commit of given refs/leaves-the-rest-pending'],
  },
  {
    defect: 'a commit of given refs goes by their ids alone',
    swaps: [
      session(
        'this.manifest.commitRefs(this.sessionId, wanted,',
        'this.manifest.commitRefs(this.sessionId, wanted.map(ref => ref?.id),',
      ),
    ],
    caughtBy: ['session/commit of given refs/old-generation', 'session/commit of given refs/all-or-nothing'],
  },
]

const adoptions: readonly Mutant[] = [
  {
    defect: 'an adoption looks at the bytes first, and records its intent afterwards',
    swaps: [
      adoption(
        recording,
        `const seen = await inner.stat(id, { ...options, generation: source.generation })\n${recording}`,
      ),
      adoption(looking, 'seen?.byteLength'),
    ],
    caughtBy: ['session/adopt against sweeps/intent-first', 'session/adopt against sweeps/meets-a-claim'],
  },
  {
    defect: 'an adoption does not look whether the bytes are there',
    swaps: [adoption(looking, 'byteLength')],
    caughtBy: [
      'session/adopt/bytes-gone',
      'session/adopt against sweeps/meets-a-claim',
      'session/adopt against sweeps/swept-before-the-intent',
    ],
  },
  {
    defect: 'an adoption copies the bytes always',
    swaps: [adoption(looking, '-1')],
    caughtBy: ['session/adopt/no-bytes'],
  },
  {
    defect: 'an adoption never copies: what a sweeper is deleting cannot be adopted',
    swaps: [adoption('{ ...options, generation: source.generation }', '{ ...options, generation }')],
    caughtBy: ['session/adopt against sweeps/meets-a-claim'],
  },
  {
    defect: 'an adoption gives up when the source has moved in the meantime',
    swaps: [held('if (now?.generation === entry.generation) throw error', 'if (now !== null) throw error')],
    caughtBy: ['session/adopt against sweeps/put-again-after-the-look'],
  },
  {
    defect: 'whoever knows an id can adopt it',
    swaps: [
      adoption(
        'return readHeld(from, id, options, async source => {',
        'const read = async (source: { generation: number; byteLength?: number }) => {',
      ),
      adoption(
        'return refTo(storedMeta(id, byteLength, meta), generation)\n  })',
        `return refTo(storedMeta(id, byteLength, meta), generation)
  }
  const found = await inner.stat(id, options)
  return found === undefined
    ? readHeld(from, id, options, read)
    : read({ ...from, attachmentId: id, generation: 0, byteLength: found.byteLength } as never)`,
      ),
    ],
    caughtBy: ['session/adopt/not-held'],
  },
  {
    defect: 'ref gives a ref to bytes that no put has brought yet',
    swaps: [session('entry.committedAtEpochMs !== undefined', 'true')],
    caughtBy: ['session/ref/of-bytes-that-are-there'],
  },
  {
    defect: 'views of different stores and manifests adopt from each other',
    swaps: [adoption('if (from.inner !== view.inner || from.manifest !== view.manifest)', 'if (from === undefined)')],
    caughtBy: ['session/adopt/of-another-pair'],
  },
  {
    defect: 'an adoption that found no bytes leaves its intent',
    swaps: [adoption('if (AttachmentNotFoundError.isInstance(error))', 'if (error === undefined)')],
    caughtBy: ['session/adopt/bytes-gone'],
  },
  {
    defect: 'an adoption that found no bytes releases what its holder has committed',
    swaps: [adoption('uncommittedOnly: true', 'uncommittedOnly: false')],
    caughtBy: ['session/adopt against sweeps/committed-meanwhile', 'session/adopt/bytes-gone-of-committed'],
  },
  {
    defect: 'what is adopted has no metadata',
    swaps: [
      adoption('const meta = ownMeta(source)', "const meta = { ...ownMeta(source), mediaType: 'a/b', label: 'none' }"),
    ],
    caughtBy: ['session/adopt/carries-metadata', 'session/chats/other-name'],
  },
  {
    defect: 'what is adopted is not pending',
    swaps: [adoption('put.ref = adopted[index]', 'void adopted[index]')],
    caughtBy: ['session/adopt/pending', 'session/adopt/outlives-its-source', 'session/chats/forked'],
  },
  {
    defect: 'of an adoption that fails in part, the other part is pending',
    swaps: [
      adoption('put.generation = ref.generation ?? 0', 'put.generation = ref.generation ?? 0\n      put.ref = ref'),
    ],
    caughtBy: ['session/adopt/one-not-held'],
  },
  {
    defect: 'an adoption whose intent fails rejects as the manifest does',
    swaps: [adoption(recording, 'void recorded\n    const generation = await manifest.recordIntent(intent)')],
    caughtBy: ['session/adopt/failing-intent'],
  },
]

const audits: readonly Mutant[] = [
  {
    defect: 'an audit that counts claims what it finds',
    swaps: [audit('{ dryRun: true }', '{ dryRun: false }')],
    caughtBy: ['session/audit guard/dry-run', 'session/audit guard/refused'],
  },
  {
    defect: 'a dry run of an audit deletes',
    swaps: [audit('if (dryRun) return report', 'void dryRun')],
    caughtBy: ['session/audit guard/dry-run'],
  },
  {
    defect: 'an audit deletes whatever it finds, however much that is',
    swaps: [audit('unreferencedCount > scannedCount * maxDeleteRatio', 'unreferencedCount < 0')],
    caughtBy: ['session/audit guard/refused', 'session/audit guard/of-another-manifest'],
  },
  {
    defect: 'an audit of a few strays is refused',
    swaps: [audit('scannedCount >= guardedCount', 'scannedCount >= 0 * guardedCount')],
    caughtBy: ['session/audit guard/few-blobs', 'session/audit/older-copies'],
  },
  {
    defect: 'an audit of nine blobs may go, and one of ten too',
    swaps: [audit('scannedCount >= guardedCount', 'scannedCount > guardedCount')],
    caughtBy: ['session/audit guard/refused'],
  },
  {
    defect: 'an audit is refused at the ratio already',
    swaps: [audit('unreferencedCount > scannedCount', 'unreferencedCount >= scannedCount')],
    caughtBy: ['session/audit guard/at-the-ratio'],
  },
  {
    defect: 'an audit takes any ratio',
    swaps: [audit("checkNumber('maxDeleteRatio', maxDeleteRatio, 0, 1)", '')],
    caughtBy: ['session/audit guard/bad-options'],
  },
  {
    defect: 'a sweep and an audit take any size of a batch',
    swaps: [sweep("checkWhole('batchSize', batchSize, maxClaimLimit, 1)", 'void maxClaimLimit')],
    caughtBy: ['session/audit guard/bad-options'],
  },
]

/** What shows only after several calls, of sessions and of sweepers. */
const histories: readonly Mutant[] = [
  {
    defect: 'a put writes the first generation, whichever one the manifest has chosen',
    swaps: [session('inner.put(content, meta, { generation, signal', 'inner.put(content, meta, { signal')],
    caughtBy: ['session/histories/random'],
  },
  {
    defect: 'a delete takes what another session has put and not yet committed',
    swaps: [session('releasedOnly: true', 'releasedOnly: false')],
    caughtBy: ['session/histories/random'],
  },
  {
    defect: 'what is released stays pending',
    swaps: [session('this.#pending.remove(ids)\n    return', 'return')],
    caughtBy: ['session/histories/random'],
  },
  {
    defect: 'the first ref of a content stays pending when the same is put again at the next generation',
    swaps: [pending('generation >= (entry.ref?.generation ?? 0)', 'entry.ref === undefined')],
    caughtBy: ['session/histories/random'],
  },
  {
    defect: 'a sweep ends after its first batch',
    swaps: [reclaim('!progressed || claims.length < limit', '!progressed || claims.length <= limit')],
    caughtBy: ['session/histories/random'],
  },
]

export const mutants: readonly Mutant[] = [
  ...views,
  ...commits,
  ...adoptions,
  ...audits,
  ...histories,
  ...portableManifestMutants,
]
