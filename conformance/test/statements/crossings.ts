import {
  audit,
  claim,
  commit,
  forget,
  hold,
  hostCommit,
  intent,
  intents,
  purge,
  put,
  puts,
  release,
  settle,
  takeOver,
} from './calls.ts'
import type { Crossing } from './crossing.ts'
import type { Call, Grain } from './world/actor.ts'
import { ofOne, ofTwo, type Scene } from './world/scenes.ts'

/** Crossings of one kind, each of which is explored whole or up to so many switches. */
export interface Plan {
  readonly name: string
  readonly grain: Grain
  /** How often an actor that could go on stops for another, at most. */
  readonly maxSwitches: number
  readonly crossings: readonly Crossing[]
  /** At least so many schedules come of them. */
  readonly schedules: number
}

const always = Number.POSITIVE_INFINITY
const hostCommits = (['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const).map(isolation =>
  hostCommit(isolation, 's', 'x'),
)
const [hostReadCommitted, hostRepeatableRead] = hostCommits as [Call, Call]
const newcomers = [intent('n', 'x'), put('n', 'x'), intents('n', 'xy'), puts('n', 'xy')]

/** Each call with itself and with each that comes later. */
function pairs(scene: Scene, calls: readonly Call[]): Crossing[] {
  return calls.flatMap((a, index) => calls.slice(index).map(b => ({ scene, scripts: [[a], [b]] })))
}

/** Every statement of two calls. */
const statements: readonly Crossing[] = [
  ...pairs(ofOne.unknown, [...newcomers, commit('n', 'x'), audit('x0'), audit('x3'), forget('x'), purge()]),
  ...pairs(ofOne.purged, [...newcomers, audit('x0'), audit('x3'), audit('x5')]),
  ...pairs(ofOne.put, [
    ...[intent('s', 'x'), ...newcomers, commit('s', 'x'), commit('s', 'x', 0), ...hostCommits],
    ...[release('s'), release('s', 'x'), release('s', 'x', true), claim('x'), audit('x0'), forget('x')],
  ]),
  ...pairs(ofOne.committed, [
    ...[intent('s', 'x'), put('s', 'x'), intents('s', 'xy'), commit('s', 'x'), ...hostCommits],
    ...[release('s'), release('s', 'x'), claim('x'), forget('x')],
  ]),
  ...pairs(ofOne.released, [
    ...[intent('s', 'x'), put('s', 'x'), intents('n', 'xy'), commit('s', 'x'), hostRepeatableRead],
    ...[release('s'), claim('x'), claim('x', { releasedOnly: true }), audit('x0'), forget('x')],
  ]),
  ...pairs(ofOne.shared, [
    ...[intent('s/h', 'x'), intent('t', 'x'), puts('s/h', 'xy'), commit('s/h', 'x'), hostReadCommitted],
    ...[release('s'), release('s', 'x'), release('s/h'), release('s/', 'x'), claim('x'), forget('x')],
  ]),
  ...pairs(ofOne.claimed, [
    ...[...newcomers, commit('s', 'x'), takeOver('x'), claim('x'), settle('x', 'old', 1)],
    ...[audit('x1'), audit('x3'), forget('x'), purge()],
  ]),
  ...pairs(ofOne.settled, [
    ...[...newcomers, commit('n', 'x'), purge(), settle('x', 'old', 1), takeOver('x')],
    ...[audit('x1'), audit('x2'), audit('x3'), forget('x')],
  ]),
]

const bothWays = [claim('xy'), claim('yx')]

/** Every statement of two calls on two contents, in both orders. */
const ofTwoContents: readonly Crossing[] = [
  ...pairs(ofTwo.unknown, [intents('n', 'xy'), puts('n', 'yx'), audit('x0', 'y0'), audit('y0', 'x0')]),
  ...pairs(ofTwo.put, [
    ...[intents('s', 'xy'), puts('n', 'yx'), commit('s', 'xy'), commit('s', 'yx')],
    ...[hostCommit('READ COMMITTED', 's', 'xy'), hostCommit('REPEATABLE READ', 's', 'yx')],
    ...[release('s', 'yx'), release('s'), ...bothWays, forget('x')],
  ]),
  ...pairs(ofTwo.committed, [intents('s', 'yx'), commit('s', 'xy'), release('s', 'yx'), release('s'), ...bothWays]),
  ...pairs(ofTwo.claimed, [
    ...[intents('n', 'xy'), puts('n', 'yx'), settle('xy'), settle('yx'), takeOver('xy'), takeOver('yx')],
    ...[audit('x3', 'y3'), purge()],
  ]),
  ...pairs(ofTwo.settled, [
    intents('n', 'xy'),
    puts('n', 'yx'),
    audit('y3', 'x3'),
    audit('x1', 'y3'),
    purge(),
    forget('y'),
  ]),
]

/** Two calls, while somebody has a row locked that both need. They wait in the middle, and in either order. */
const whileHeld: readonly Crossing[] = [
  ...held(ofOne.put, [intent('s', 'x'), put('n', 'x'), commit('s', 'x'), release('s', 'x')], hold('x')),
  ...held(ofOne.put, [intent('s', 'x'), commit('s', 'x'), release('s', 'x'), claim('x')], hold('x', 's')),
  ...held(ofOne.claimed, [intent('n', 'x'), put('n', 'x'), settle('x', 'old', 1)], hold('x')),
  ...held(ofOne.settled, [intent('n', 'x'), purge()], hold('x')),
  ...held(ofTwo.put, [commit('s', 'xy'), commit('s', 'yx'), release('s', 'yx'), intents('s', 'xy')], hold('y', 's')),
  ...held(ofTwo.claimed, [settle('xy'), settle('yx')], hold('y')),
]

function held(scene: Scene, calls: readonly Call[], holding: Call): Crossing[] {
  return pairs(scene, calls).map(({ scripts }) => ({ scene, scripts: [...scripts, [holding]] }))
}

/** Content comes, goes and is forgotten. */
export const life: readonly Call[] = [intent('m', 'x'), release('m'), claim('x'), settle('x', 'own'), purge()]

/** Three calls, and calls that follow one another. */
const chosen: readonly Crossing[] = [
  { scene: ofOne.put, scripts: [[intent('n', 'x')], [commit('s', 'x')], [claim('x')]] },
  { scene: ofOne.put, scripts: [[hostReadCommitted], [release('s')], [claim('x')]] },
  { scene: ofOne.released, scripts: [[claim('x'), settle('x', 'own')], [put('s', 'x'), commit('s', 'x')], [purge()]] },
  { scene: ofOne.claimed, scripts: [[takeOver('x'), settle('x', 'own')], [settle('x', 'old', 1)], [put('n', 'x')]] },
  { scene: ofOne.claimed, scripts: [[settle('x', 'old', 1)], [purge()], [intent('n', 'x')]] },
  { scene: ofOne.settled, scripts: [[purge()], [intent('n', 'x')], [put('m', 'x')]] },
  { scene: ofOne.settled, scripts: [[purge()], [audit('x2')], [intent('n', 'x')]] },
  { scene: ofTwo.settled, scripts: [[purge()], [intents('n', 'xy')], [audit('x1', 'y3')]] },
  { scene: ofTwo.put, scripts: [[commit('s', 'xy')], [release('s', 'yx')], [claim('xy')]] },
]

/** Two calls that also stop inside their statements. */
const insideStatements: readonly Crossing[] = [
  ...pairs(ofOne.unknown, [intent('n', 'x'), put('m', 'x'), audit('x0')]),
  ...pairs(ofOne.put, [intent('s', 'x'), put('n', 'x'), commit('s', 'x'), release('s', 'x', true), claim('x')]),
  ...pairs(ofOne.claimed, [intent('n', 'x'), takeOver('x'), settle('x', 'old', 1)]),
  ...pairs(ofOne.settled, [intent('n', 'x'), purge(), audit('x3')]),
  { scene: ofOne.put, scripts: [[intents('n', 'xy')], [claim('x')]] },
  { scene: ofTwo.unknown, scripts: [[puts('n', 'xy')], [puts('m', 'yx')]] },
  { scene: ofTwo.settled, scripts: [[intents('n', 'xy')], [purge()]] },
]

/** A whole life of a content, while somebody is inside one statement about it. */
const lives: readonly Crossing[] = [intent('n', 'x'), intents('n', 'xy'), audit('x0')].map(call => ({
  scene: ofOne.unknown,
  scripts: [[call], life],
}))

export const plans: readonly Plan[] = [
  {
    name: 'two calls on one content',
    grain: 'statements',
    maxSwitches: always,
    crossings: statements,
    schedules: 3000,
  },
  {
    name: 'two calls on two contents',
    grain: 'statements',
    maxSwitches: always,
    crossings: ofTwoContents,
    schedules: 1500,
  },
  { name: 'two calls and a lock', grain: 'statements', maxSwitches: 2, crossings: whileHeld, schedules: 400 },
  { name: 'three calls, and more', grain: 'statements', maxSwitches: 2, crossings: chosen, schedules: 600 },
  {
    name: 'two calls, also inside their statements',
    grain: 'writes',
    maxSwitches: 1,
    crossings: insideStatements,
    schedules: 300,
  },
  {
    name: 'a whole life of a content, inside one statement',
    grain: 'writes',
    maxSwitches: 1,
    crossings: lives,
    schedules: 70,
  },
]
