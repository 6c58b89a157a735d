import { type Mutant, swapsIn } from './mutant.ts'

const changes = swapsIn('portable-manifest/changes.ts')
const moving = swapsIn('portable-manifest/moving.ts')
const sessions = swapsIn('portable-manifest/session-steps.ts')
const sweeps = swapsIn('portable-manifest/sweep-steps.ts')
const transactions = swapsIn('portable-manifest/transactions.ts')
const view = swapsIn('portable-manifest/view.ts')

const looksAtFences = 'await view.look(ids.flatMap(id => [contentKey(id), contentFence(id)]))'
const looksForRefs = 'view.lookInto(ids.map(id => startingWith(refsTo(id))))'

const intentAndClaim = 'manifest-driver/interleavings/intent-and-claim'

/** All but the last are right as long as one call comes after the other. */
export const portableManifestMutants: readonly Mutant[] = [
  {
    defect: 'a claim does not rely on the fence of the content',
    swaps: [sweeps('  view.get(contentFence(id))\n', '')],
    caughtBy: [intentAndClaim],
  },
  {
    defect: 'a new ref does not change the fence of the content',
    swaps: [changes('  view.set(contentFence(idOfRef(key)), crypto.randomUUID())\n', '')],
    caughtBy: [intentAndClaim],
  },
  {
    defect: 'a claim looks at the fence of the content after it has looked for refs',
    swaps: [
      sweeps(
        `${looksAtFences}\n  return ${looksForRefs}`,
        `const refs = await ${looksForRefs}\n  ${looksAtFences}\n  return refs`,
      ),
    ],
    caughtBy: [intentAndClaim],
  },
  {
    defect: 'a new ref does not change the fence of its session',
    swaps: [changes('  view.set(sessionFence(ref.sessionId), crypto.randomUUID())\n', '')],
    caughtBy: ['manifest-driver/interleavings/release-and-others'],
  },
  {
    defect: 'a call that has seen something and writes nothing asks nobody whether it still stands',
    swaps: [view('this.writes.size === 0 && this.reads.size <= 2', 'this.writes.size === 0')],
    caughtBy: ['manifest-driver/interleavings/lookup-and-others'],
  },
  {
    defect: 'a step that met a conflict is taken for done',
    swaps: [transactions('if (await view.apply()) return result', 'await view.apply()\n      return result')],
    caughtBy: [intentAndClaim, 'manifest-driver/interleavings/forget-and-others'],
  },
  {
    defect: 'a batch that met a conflict is taken for done',
    swaps: [transactions('if (fits && (await view.apply()))', 'if (fits && ((await view.apply()) || true))')],
    caughtBy: [
      intentAndClaim,
      'manifest-driver/interleavings/commit-and-claim',
      'manifest-driver/interleavings/claims',
    ],
  },
  {
    defect: 'a purge does not raise the floor',
    swaps: [sweeps('if (floor > floorOf(view))', 'if (floor < 0)')],
    caughtBy: ['manifest/purge/never-used-again'],
  },
  {
    defect: 'a commit that is refused commits the others',
    swaps: [sessions('if (failed.size > 0) view.writes.clear()', '')],
    caughtBy: ['manifest/commit/all-or-nothing'],
  },
  {
    defect: 'an import that fails leaves what it has written, and the mark of an import',
    swaps: [moving('await this.#clear().catch(() => {})', '')],
    caughtBy: ['manifest/import/failing-source', 'manifest/import/aborted'],
  },
  {
    defect: 'an import goes into any map, and does not look what is there',
    swaps: [
      moving('!isImporting(layout) && !(await this.#isEmpty())', 'layout === null'),
      moving('if (await this.#isEmpty()) return', 'if (this.#mark) return'),
    ],
    caughtBy: ['manifest/import/refused-when-used'],
  },
  {
    defect: 'an import does not take over the floor',
    swaps: [moving('if (floor > 0) writes', 'if (floor < 0) writes')],
    caughtBy: ['manifest/import/floor'],
  },
]
