import assert from 'node:assert/strict'
import type { AttachmentStore } from '@lash/attachments-core'
import type * as FastCheck from 'fast-check'
import type { StoreFixture } from '../../harness.ts'
import type { Generator } from '../../run/random-values.ts'
import { abortedPut, type Call, contents, deleteCopy, list, metas, put, read, type Traits } from './call.ts'
import { distinct, emptyWorld, type World, withLatePuts } from './world.ts'

/** A call, and which of two instances makes it. */
export interface Step {
  readonly call: Call
  readonly other: boolean
}

/** Steps one after the other, of which some are made at the same time. */
export type History = readonly (readonly Step[])[]

type Generations = FastCheck.Arbitrary<number | undefined>

/** Random histories of at most so many steps. */
export function histories(fc: Generator, maxLength: number, traits: Traits): FastCheck.Arbitrary<History> {
  // Mostly of the same copy, so that calls meet.
  const content = fc.constantFrom('small', 'small', 'small', 'empty', 'large')
  const generation: Generations = traits.generations ? fc.constantFrom(0, 0, 0, 0, 1, 10) : fc.constant(undefined)
  const anyGeneration: Generations = traits.generations
    ? fc.constantFrom(undefined, undefined, 0, 0, 1)
    : fc.constant(undefined)
  const putOf = { content, generation, meta: fc.constantFrom(...metas), streamed: fc.boolean() }
  const point = fc.constantFrom(0, 1, 899, 900, 5000, 65_536, 131_072, 200_000, 300_000)
  const range = fc.option(
    fc.tuple(point, point).map(([one, two]) => ({ start: Math.min(one, two), end: Math.max(one, two) })),
    { nil: undefined },
  )
  const how = fc.constantFrom('get' as const, 'stat' as const, 'stream' as const)
  const writes = [
    { weight: 8, arbitrary: fc.record(putOf).map(put) },
    { weight: 2, arbitrary: fc.record({ ...putOf, turns: fc.nat(12) }).map(abortedPut) },
    { weight: 3, arbitrary: fc.record({ content, generation: anyGeneration }).map(deleteCopy) },
  ]
  const readOf = (of: Generations) => fc.record({ content, generation: of, how, range }).map(each => read(each, traits))
  const listOne = content.map(each => list(each, traits))
  // To look without a generation is several looks, between which others may write.
  const beside = fc.oneof(...writes, { weight: 4, arbitrary: readOf(generation) }, { weight: 1, arbitrary: listOne })
  const alone = fc.oneof(
    ...writes,
    { weight: 6, arbitrary: readOf(anyGeneration) },
    { weight: 1, arbitrary: listOne },
    { weight: 1, arbitrary: fc.constant(list(undefined, traits)) },
  )
  const stepOf = (call: FastCheck.Arbitrary<Call>) => fc.record({ call, other: fc.boolean() })
  const steps = fc.oneof(
    { weight: 2, arbitrary: fc.tuple(stepOf(alone)) },
    { weight: 1, arbitrary: fc.array(stepOf(beside), { minLength: 2, maxLength: 3 }) },
  )
  return fc.noBias(fc.array(steps, { maxLength, size: 'max' }))
}

/**
 * Makes the calls on a fresh store.
 * @throws AssertionError when no order of the calls that were made at once explains what they answered, with the
 * program up to there.
 */
export async function runHistory(fixture: StoreFixture, history: History, traits: Traits): Promise<void> {
  const { store } = fixture
  const other = history.flat().some(step => step.other) ? await fixture.reopen?.() : undefined
  const ran = new RunningHistory(store, other)
  try {
    for (const steps of history) await ran.make(steps)
    await ran.make([{ call: list(undefined, traits), other: false }])
    for (const content of Object.keys(contents)) {
      const whole: Call = read({ content, generation: undefined, how: 'get', range: undefined }, traits)
      await ran.make([{ call: whole, other: true }])
    }
  } finally {
    await other?.close()
  }
}

class RunningHistory {
  readonly #stores: readonly [AttachmentStore, AttachmentStore]
  readonly #names: readonly [string, string]
  readonly #program: string[] = []
  /** What the store may hold now: one world, unless an answer leaves open what happened. */
  #worlds: World[] = [emptyWorld]

  constructor(store: AttachmentStore, other: AttachmentStore | undefined) {
    this.#stores = [store, other ?? store]
    this.#names = ['store', other === undefined ? 'store' : 'other']
  }

  async make(steps: readonly Step[]): Promise<void> {
    const lines = steps.map(({ call, other }) => call.code(this.#names[other ? 1 : 0]))
    const code = lines.length === 1 ? lines : ['// at the same time:', ...lines.map(line => `  ${line}`)]
    const settled = await Promise.allSettled(steps.map(({ call, other }) => call.make(this.#stores[other ? 1 : 0])))
    const answers = settled.map((outcome, index) => {
      if (outcome.status === 'fulfilled') return outcome.value
      return assert.fail(this.#programText(code, `${lines[index]}\n${messageOf(outcome.reason)}`))
    })
    const explained = this.#explained(steps, answers)
    if (explained.length === 0) assert.fail(this.#programText(code, this.#mismatch(steps, answers)))
    this.#worlds = distinct(explained)
    this.#program.push(...code.map((line, index) => withAnswer(line, answers[index - (code.length - answers.length)])))
  }

  /** The worlds that explain the answers, with the calls in some order. */
  #explained(steps: readonly Step[], answers: readonly string[]): World[] {
    const calls = steps.map(({ call }, index) => ({ call, answer: answers[index] }))
    return this.#worlds
      .flatMap(withLatePuts)
      .flatMap(world =>
        orders(calls).flatMap(order =>
          order.reduce<World[]>(
            (worlds, { call, answer }) =>
              worlds
                .flatMap(each => call.outcomes(each).filter(outcome => outcome.answer === answer))
                .map(o => o.world),
            [world],
          ),
        ),
      )
  }

  #mismatch(steps: readonly Step[], answers: readonly string[]): string {
    const [step] = steps as readonly [Step]
    if (steps.length > 1) return `no order of these calls gives: ${answers.map(quoted).join('; ')}`
    const right = this.#worlds.flatMap(withLatePuts).flatMap(world => step.call.outcomes(world))
    const allowed = new Set(right.map(({ answer }) => quoted(answer)))
    return `answered: ${quoted(answers[0] ?? '')}\nright is: ${[...allowed].join(' or ')}`
  }

  #programText(last: readonly string[], reason: string): string {
    return [
      'the last of these calls on an empty store went wrong:',
      '',
      ...this.#program,
      ...last,
      '',
      reason,
      '',
      legend,
    ].join('\n')
  }
}

const legend = `(empty, small and large are bytes: 0, 900 and 200,000 of them; small.id: their SHA-256; streamOf:
a stream of them; other: a second instance over the same data)`

function withAnswer(line: string, answer: string | undefined): string {
  return answer === undefined ? line : `${line} // ${quoted(answer)}`
}

function quoted(answer: string): string {
  return answer === '' ? 'an empty list' : answer
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

/** All orders of the items, which are few. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map(rest => [item, ...rest]))
}
