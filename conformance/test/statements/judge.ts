import { claimsIn, type GivenClaim } from './calls.ts'
import type { Crossing, Run, Turn } from './crossing.ts'
import type { Failed } from './world/actor.ts'
import { namesOfIds } from './world/contents.ts'
import { oldToken } from './world/scenes.ts'

/** What calls gave and left behind, with names for ids and tokens. Equal texts are equal outcomes. */
export function outcomeOf({ results, state }: Run): string {
  const tokens = new Map([[oldToken, 'old']])
  results.forEach((ofActor, actor) => {
    for (const { token } of claimsIn(ofActor)) tokens.set(token, `${'ABC'[actor]}`)
  })
  const given = results.map(
    (ofActor, actor) =>
      `${'ABC'[actor]} has ${ofActor
        .flat()
        .map(result => told(result, tokens))
        .join(', ')}`,
  )
  const contents = state.contents.map(
    ({ id, generation, claim, claimed_at, settled_at }) =>
      `${id} at ${generation}` +
      (claim === null ? '' : ` claimed by ${tokens.get(claim) ?? claim} ${claimed_at}`) +
      (settled_at === null ? '' : ` settled ${settled_at}`),
  )
  const refs = state.refs.map(
    ({ id, session_id, holder, generation, intent_at, committed_at, released_at }) =>
      `${session_id}/${holder} to ${id} at ${generation} intent ${intent_at}` +
      (committed_at === null ? '' : ` committed ${committed_at}`) +
      (released_at === null ? '' : ` released ${released_at}`),
  )
  const blobs = state.blobs.map(({ id, generation }) => `bytes of ${id} at ${generation}`)
  return [...given, ...contents, ...refs, ...blobs, `floor ${state.floor}`].join('; ')
}

function told(result: unknown, tokens: ReadonlyMap<string, string>): string {
  const { claimed, token } = result as Partial<GivenClaim>
  if (claimed !== undefined) return `${namesOfIds.get(claimed.id)}.${claimed.generation} by ${tokens.get(token!)}`
  return JSON.stringify(result, (_key, value) => namesOfIds.get(value) ?? value)
}

/** What is wrong with the final tables, whatever the order of the calls. */
export function brokenRules({ scene }: Crossing, { results, state, failures }: Run): string[] {
  const broken = [...failures]
  for (const { error } of results.flat() as Partial<Failed>[]) {
    if (error !== undefined) broken.push(error)
  }
  if (state.floor.length > 1) broken.push(`the stripes of the floor differ: ${state.floor}`)
  const contents = new Map(state.contents.map(row => [row.id, row]))
  for (const { id, session_id, generation, released_at, committed_at } of state.refs) {
    const content = contents.get(id)
    const ref = `the ${committed_at === null ? '' : 'committed '}ref of ${session_id} to ${id} at ${generation}`
    if (content === undefined) broken.push(`${ref} is without content`)
    else if (content.claim !== null) broken.push(`${ref} is on content under a claim`)
    else if (released_at === null && content.generation !== generation) {
      broken.push(`${ref} is not at the generation of its content, ${content.generation}`)
    }
  }
  const claims = results.flatMap(claimsIn).map(({ claimed }) => ({ ...claimed, id: namesOfIds.get(claimed.id)! }))
  // What was given before the scene is below the generation of its content, and a claim is at it.
  const before = scene.contents.map(row => ({ ...row, generation: row.generation - (row.claim === null ? 1 : 0) }))
  for (const { id, generation } of [...claims, ...before]) {
    const content = contents.get(id)
    const next = content === undefined ? Math.min(...state.floor) : content.generation
    if ((content?.claim ?? null) === null && next <= generation) {
      broken.push(`generation ${generation} of ${id} is given again, and its deleter may still be at it`)
    }
  }
  return broken
}

/** Whether the run may be taken for the order of calls: what ended before another began comes first. */
export function isOrderOf(order: readonly Turn[], run: Run): boolean {
  const spanOf = ({ actor, call }: Turn) => run.spans.find(span => span.actor === actor && span.call === call)!
  return order.every((later, index) =>
    order.slice(0, index).every(earlier => spanOf(later).end >= spanOf(earlier).begin),
  )
}

/** Whether another actor did something between the beginning and the end of the call. */
export function isCrossed({ spans }: Run, actor: number, call: number): boolean {
  const of = spans.find(span => span.actor === actor && span.call === call)!
  return spans.some(span => span.actor !== actor && span.begin <= of.end && of.begin <= span.end)
}
