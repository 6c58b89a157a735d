import type { Actor, Reply } from './actor.ts'

/** What the calls of an actor go through. */
export interface Gate {
  /** The actor that is calling. */
  actor(): Actor
  /** Told of every call that took effect, for the trace. */
  took(actor: Actor, what: string, answer: () => string): void
}

/**
 * Makes a call when it is the actor's turn and, where it matters, lets it have the reply when it is its turn again. What the call means is
 * taken down at once: its effect stands from then on, whether the actor hears of it or not. Calls that only read say so (`changes`).
 */
export async function call<T>(
  gate: Gate,
  what: string,
  effect: () => Promise<T>,
  takeDown: (result: T) => Reply,
  changes: boolean = true,
): Promise<T> {
  const actor = gate.actor()
  await actor.stopAt({ phase: 'before', what, changes })
  const finish = await attempt(effect)
  const reply = finish.ok ? takeDown(finish.value) : nameOf(finish.error)
  actor.replies.push(reply)
  gate.took(actor, what, () => (finish.ok ? describe(reply) : `fails: ${(finish.error as Error).message}`))
  if (actor.stopsAfterCalls) await actor.stopAt({ phase: 'after', what, changes: false })
  if (!finish.ok) throw finish.error
  return finish.value
}

type Finish<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

async function attempt<T>(effect: () => Promise<T>): Promise<Finish<T>> {
  try {
    return { ok: true, value: await effect() }
  } catch (error) {
    return { ok: false, error }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}

function describe(reply: Reply): string {
  if (typeof reply === 'string') return reply
  return reply.length === 0 ? 'no claims' : `claims ${reply.map(claim => `@${claim.generation}`).join(', ')}`
}
