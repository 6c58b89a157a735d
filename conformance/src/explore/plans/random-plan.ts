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
  const actors: ActorPlan[] = []
  for (const name of ['A', 'B', 'C'].slice(0, 2 + random.below(2))) {
    actors.push({
      name,
      session: random.chance(0.15) ? 'a' : name.toLowerCase(),
      does: turns(random, contents, transactions !== 'none'),
    })
  }
  for (const name of ['S', 'T'].slice(0, 1 + random.below(2))) {
    actors.push({
      name,
      does: Array.from({ length: 1 + random.below(3) }, (): Operation => (random.chance(0.75) ? 'sweep' : 'audit')),
    })
  }
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

function turns(random: Random, contents: readonly string[], transactions: boolean): Operation[] {
  const commits: Operation[] = transactions
    ? ['commit', 'commit-refs', 'transaction', 'rollback']
    : ['commit', 'commit-refs']
  return Array.from({ length: 2 + random.below(2) }, (): Operation[] => {
    const put: Operation[] = [`put ${random.pick(contents)}`]
    if (random.chance(0.3)) put.push(`put ${random.pick(contents)}`)
    if (random.chance(0.85)) put.push(random.pick(commits))
    if (random.chance(0.3)) put.push(`read ${random.pick(contents)}`)
    if (random.chance(0.3)) put.push(random.chance(0.5) ? 'release' : `delete ${random.pick(contents)}`)
    return put
  }).flat()
}
