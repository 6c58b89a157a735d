import * as calls from './calls.ts'
import type { Crossing } from './crossing.ts'
import { life } from './crossings.ts'
import type { Call, Grain } from './world/actor.ts'
import { ofOne, ofTwo, type Scene } from './world/scenes.ts'

/** Statements without one of the rules that make them safe, and calls with which that is seen. */
export interface Sabotage {
  readonly without: string
  /** What stands in statements, and what is sent instead. */
  readonly replaced: readonly (readonly [text: RegExp, by: string])[]
  readonly crossing: Crossing
  readonly grain: Grain
  /** What is said of the schedule that shows it. */
  readonly caught: RegExp
}

/** Takes the rule out of each statement, and notes in `used` what it has found there. */
export function rewriting({ replaced }: Sabotage, used: Set<RegExp> = new Set()): (text: string) => string {
  return text =>
    replaced.reduce((changed, [from, by]) => {
      if (from.test(changed)) used.add(from)
      return changed.replace(from, by)
    }, text)
}

const notInOrder = /the outcome of no order/
const onClaimed = /is on content under a claim/
const notAtGeneration = /is not at the generation of its content/
const givenAgain = /is given again/
const deadlock = /ended by a deadlock/

function crossing(scene: Scene, ...of: Call[]): Crossing {
  return { scene, scripts: of.map(call => [call]) }
}

const hostCommit = calls.hostCommit('READ COMMITTED', 's', 'x')

export const sabotages: readonly Sabotage[] = [
  {
    without: 'an intent locks its content',
    replaced: [[/FOR SHARE(?=\s+\), moved)/, '']],
    crossing: crossing(ofOne.put, calls.intent('n', 'x'), calls.claim('x')),
    grain: 'writes',
    caught: onClaimed,
  },
  {
    without: 'intents that share a statement lock their contents',
    replaced: [[/FOR SHARE OF c SKIP LOCKED/, '']],
    crossing: crossing(ofOne.put, calls.intents('n', 'xy'), calls.claim('x')),
    grain: 'writes',
    caught: onClaimed,
  },
  {
    without: 'a commit locks its content',
    replaced: [[/FOR SHARE(?= OFFSET 0\s+\) c ON true)/, '']],
    crossing: crossing(ofOne.put, hostCommit, calls.claim('x')),
    grain: 'statements',
    caught: notInOrder,
  },
  {
    without: 'a claim locks what looks orphaned',
    replaced: [[/FOR UPDATE SKIP LOCKED(?= OFFSET 0)/, '']],
    crossing: crossing(ofOne.put, hostCommit, calls.claim('x')),
    grain: 'statements',
    caught: notInOrder,
  },
  {
    without: 'a claim reads the refs after the statement that locks',
    replaced: [
      [/FOR UPDATE SKIP LOCKED(?= OFFSET 0)/, ''],
      [
        /FROM pg_catalog.unnest\(\$1::bytea\[\]\) AS locked \(id\) JOIN ("\w+"\.)(?=attachment_holds r)/,
        'FROM (SELECT id FROM $1attachment_generations WHERE id = ANY ($$1::bytea[]) FOR UPDATE) AS locked JOIN $1',
      ],
    ],
    crossing: crossing(ofOne.put, hostCommit, calls.claim('x')),
    grain: 'statements',
    caught: notInOrder,
  },
  {
    without: 'a takeover locks the claims that it takes over',
    replaced: [[/FOR UPDATE SKIP LOCKED(?=\s+\)\s+UPDATE)/, '']],
    crossing: crossing(ofOne.claimed, calls.takeOver('x'), calls.intent('n', 'x')),
    grain: 'writes',
    caught: onClaimed,
  },
  {
    without: 'a settlement locks the claims that it settles',
    replaced: [[/FOR UPDATE OF c/, '']],
    crossing: crossing(ofOne.claimed, calls.settle('x', 'old', 1), calls.intent('n', 'x')),
    grain: 'writes',
    caught: notAtGeneration,
  },
  {
    without: 'an audit locks the contents that it claims',
    replaced: [[/ORDER BY c.id\s+FOR UPDATE SKIP LOCKED/, '']],
    crossing: crossing(ofOne.settled, calls.audit('x3'), calls.intent('n', 'x')),
    grain: 'writes',
    caught: onClaimed,
  },
  {
    without: 'forget locks the content',
    replaced: [[/(?<=WHERE id = \$1 )FOR UPDATE$/, '']],
    crossing: crossing(ofOne.put, calls.forget('x'), calls.intent('n', 'x')),
    grain: 'statements',
    caught: notAtGeneration,
  },
  {
    without: 'an intent takes the floor from the lock',
    replaced: [[/FOR SHARE(?=\)\s+WHERE NOT EXISTS)/, '']],
    crossing: crossing(ofOne.settled, calls.intent('n', 'x'), calls.purge()),
    grain: 'statements',
    caught: notInOrder,
  },
  {
    without: 'intents that share a statement take the floor from the lock',
    replaced: [[/FOR SHARE(?=\) AS generation WHERE EXISTS)/, '']],
    crossing: { scene: ofOne.unknown, scripts: [[calls.intents('n', 'xy')], life] },
    grain: 'writes',
    caught: givenAgain,
  },
  {
    without: 'an audit takes the floor from the lock',
    replaced: [[/FOR SHARE(?=\) AS generation\s+\)\s+INSERT)/, '']],
    crossing: { scene: ofOne.unknown, scripts: [[calls.audit('x0')], life] },
    grain: 'writes',
    caught: notInOrder,
  },
  {
    without: 'a purge locks the floor',
    replaced: [[/(?<=ORDER BY stripe )FOR UPDATE/, '']],
    crossing: crossing(ofOne.settled, calls.intent('n', 'x'), calls.purge()),
    grain: 'writes',
    caught: deadlock,
  },
  {
    without: 'a purge raises the floor',
    replaced: [[/(?<=WHERE generation < \(SELECT pg_catalog.max\(generation\) FROM expired\))/, ' AND false']],
    crossing: crossing(ofOne.settled, calls.purge(), calls.intent('n', 'x')),
    grain: 'statements',
    caught: givenAgain,
  },
  {
    without: 'a commit locks refs in the order of their ids',
    replaced: [
      [/ORDER BY id(?=\s+\), content)/, ''],
      [/\(SELECT \* FROM content ORDER BY id\)/, 'content'],
    ],
    crossing: crossing(ofTwo.put, calls.commit('s', 'xy'), calls.commit('s', 'yx'), calls.hold('y', 's')),
    grain: 'statements',
    caught: deadlock,
  },
  {
    without: 'a settlement locks contents in the order of their ids',
    replaced: [
      [/ORDER BY c.id(?=\s+FOR UPDATE OF c)/, 'ORDER BY claim.place'],
      [/AS claim \(id, token\)/, 'WITH ORDINALITY AS claim (id, token, place)'],
    ],
    crossing: crossing(ofTwo.claimed, calls.settle('xy'), calls.settle('yx'), calls.hold('y')),
    grain: 'statements',
    caught: deadlock,
  },
]
