import type { ActorPlan, Operation, Plan } from './plan.ts'
import { Random } from './random.ts'

export interface RandomPlanOptions {
  /** Whether hosts also commit in transactions of their own, and whether they can stall inside one. Default `none`. */
  readonly transactions?: 'none' | 'at once' | 'held'
}

/** A plan that a seed decides. It is bigger than the plans of which every schedule can be run, and stranger. */
export function randomPlan(seed: number, { transactions = 'none' }: RandomPlanOptions = {}): Plan {
  const random = new Random(seed)
  const contents = random.chance(0.6) ? ['x'] : ['x', 'y']
  const shared = random.chance(0.5)
  const hosts = ['A', 'B', 'C'].slice(0, 2 + random.below(2)).map(name => {
    const session = random.chance(shared ? 0.6 : 0.1) ? 'a' : name.toLowerCase()
    return { name, session, ...(random.chance(shared ? 0.7 : 0.1) ? { holder: random.pick(['m', 'n']) } : {}) }
  })
  const sources = hosts.map(({ session, holder }) => (holder === undefined ? session : `${session}/${holder}`))
  const actors: ActorPlan[] = [
    ...hosts.map(host => ({ ...host, does: turns(random, contents, sources, transactions !== 'none') })),
    ...['S', 'T'].slice(0, 1 + random.below(2)).map(name => ({ name, does: sweeps(random) })),
  ]
  if (random.chance(0.3)) actors.push({ name: 'K', does: jumps(random) })
  return {
    name: `random-${{ none: '', 'at once': 't', held: 'h' }[transactions]}${seed}`,
    title: `chosen at random (${seed})`,
    contents,
    actors,
    strays: random.chance(0.2) ? [{ content: 'x', generation: random.below(3) }] : [],
    failures: random.chance(0.5) ? 0 : 1 + random.below(3),
    probes: random.chance(0.5),
    holdsTransactions: transactions === 'held',
  }
}

function turns(
  random: Random,
  contents: readonly string[],
  sources: readonly string[],
  transactions: boolean,
): Operation[] {
  const commits: Operation[] = transactions
    ? ['commit', 'commit-refs', 'transaction', 'rollback']
    : ['commit', 'commit-refs']
  return Array.from({ length: 2 + random.below(2) }, (): Operation[] => {
    const turn: Operation[] = [taking(random, contents, sources)]
    if (random.chance(0.3)) turn.push(taking(random, contents, sources))
    if (random.chance(0.85)) turn.push(random.pick(commits))
    if (random.chance(0.3)) turn.push(`read ${random.pick(contents)}`)
    if (random.chance(0.3)) turn.push(random.chance(0.5) ? 'release' : `delete ${random.pick(contents)}`)
    return turn
  }).flat()
}

function taking(random: Random, contents: readonly string[], sources: readonly string[]): Operation {
  const content = random.pick(contents)
  return random.chance(0.75) ? `put ${content}` : `adopt ${content} ${random.pick(sources)}`
}

function sweeps(random: Random): Operation[] {
  const kinds: readonly Operation[] = ['sweep', 'sweep', 'sweep', 'sweep-by-clock', 'audit', 'purge']
  return Array.from({ length: 1 + random.below(4) }, () => random.pick(kinds))
}

function jumps(random: Random): Operation[] {
  const kinds: readonly Operation[] = ['clock ahead', 'clock back', 'clock right']
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(kinds))
}
