import type { Actor, Reply } from './actor.ts'

/** What the calls of an actor go through. */
export interface Gate {
  /** The actor that is calling. */
  actor(): Actor
  /** Is told of every call that took effect, for the trace. */
  tookEffect(actor: Actor, what: string, answer: () => string): void
}

/** A call as the gate sees it. */
interface GatedCall<T> {
  /** In words, for stops and traces. */
  readonly what: string
  readonly changes: boolean
  readonly effect: () => Promise<T>
  /** Records what the call means, and says what matters of its result. */
  readonly record: (result: T) => Reply
}

/** Makes a call that may change what the store or the manifest holds. */
export function change<T>(
  gate: Gate,
  what: string,
  effect: () => Promise<T>,
  record: (result: T) => Reply,
): Promise<T> {
  return pass(gate, { what, changes: true, effect, record })
}

/** Makes a call that changes nothing. */
export function read<T>(
  gate: Gate,
  what: string,
  effect: () => Promise<T>,
  describe: (result: T) => string,
): Promise<T> {
  return pass(gate, { what, changes: false, effect, record: describe })
}

/**
 * Makes the call when it is the actor's turn. Where it matters, the actor gets the reply only when it is its turn
 * again. What the call means is recorded at once: its effect stands from then on, whether or not the actor hears
 * of it.
 */
async function pass<T>(gate: Gate, { what, changes, effect, record }: GatedCall<T>): Promise<T> {
  const actor = gate.actor()
  await actor.stopAt({ phase: 'before', what, changes })
  const finish = await attempt(effect)
  const reply = finish.ok ? record(finish.value) : nameOf(finish.error)
  actor.replies.push(reply)
  gate.tookEffect(actor, what, () => (finish.ok ? describe(reply) : `fails: ${(finish.error as Error).message}`))
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
