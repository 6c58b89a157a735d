import { setTimeout } from 'node:timers/promises'
import type { Actor, Call, Grain, Stop } from './world/actor.ts'
import { ids, namesOfIds } from './world/contents.ts'
import type { Ground } from './world/ground.ts'
import type { Scene } from './world/scenes.ts'
import type { State } from './world/tables.ts'

/** Calls of several actors at once, in a scene. */
export interface Crossing {
  readonly scene: Scene
  /** What each actor does, one call after the other. */
  readonly scripts: readonly (readonly Call[])[]
}

/** A call: whose, and the how manieth of its script. */
export interface Turn {
  readonly actor: number
  readonly call: number
}

/** A call in a schedule. */
export interface Span extends Turn {
  /** The steps in which it began and ended. */
  readonly begin: number
  readonly end: number
}

/** One schedule that was run. */
export interface Run {
  /** Who went on at each step: `ABAA`. */
  readonly schedule: string
  /** Who could have gone on at each step. */
  readonly ready: readonly string[]
  /** A line for each step. */
  readonly trace: readonly string[]
  readonly spans: readonly Span[]
  /** What each call gave, for each actor. */
  readonly results: readonly (readonly unknown[])[]
  readonly state: State
  /** What must never happen, whatever the outcome. */
  readonly failures: readonly string[]
}

/** Longer than anything takes here, in milliseconds. */
const patienceMs = 10_000

/**
 * Runs a schedule: at each step the actor that it names goes on, to its next stop or until it waits for a lock. After
 * its end, the one that went on before goes on while it can.
 */
export async function run(ground: Ground, crossing: Crossing, schedule: string, grain: Grain): Promise<Run> {
  await ground.tables.set(crossing.scene, ids)
  const actors = ground.actors.slice(0, crossing.scripts.length)
  if (grain === 'writes') await ground.stalls.hold(actors.flatMap(({ clients }) => clients))
  const running = new Running(ground, actors)
  actors.forEach((actor, index) => {
    actor.run(crossing.scripts[index]!, grain)
  })
  await running.settle()
  for (;;) {
    const ready = actors.filter(({ place }) => place.at === 'stop').map(({ name }) => name)
    if (ready.length === 0) break
    const wanted = schedule[running.schedule.length]
    const [first] = inTurn(ready.join(''), running.schedule.at(-1))
    await running.step(wanted !== undefined && ready.includes(wanted) ? wanted : first!, ready.join(''))
  }
  const { trace, spans, failures, ready } = running
  const results = actors.map(actor => actor.results)
  const state = await ground.tables.read()
  return { schedule: running.schedule, ready, trace, spans, results, state, failures }
}

/** Those that can go on, the one that went on before first. */
export function inTurn(ready: string, before: string | undefined): string[] {
  return [...ready].sort((a, b) => Number(b === before) - Number(a === before))
}

class Running {
  schedule = ''
  readonly ready: string[] = []
  readonly trace: string[] = []
  readonly spans: Span[] = []
  readonly failures: string[] = []
  readonly #ground: Ground
  readonly #actors: readonly Actor[]
  /** The step in which each actor has begun the call that it is in. */
  readonly #begun: number[]

  constructor(ground: Ground, actors: readonly Actor[]) {
    this.#ground = ground
    this.#actors = actors
    this.#begun = actors.map(() => 0)
  }

  async step(name: string, ready: string): Promise<void> {
    const index = this.#actors.findIndex(actor => actor.name === name)
    const actor = this.#actors[index]!
    const stop = actor.place as Stop
    const before = this.#actors.map(({ results }) => results.length)
    const step = this.ready.push(ready)
    this.schedule += name
    if (stop.isFirst) this.#begun[index] = step
    const line = this.trace.push(`${name}  ${stop.next}`) - 1
    stop.go()
    await this.settle()
    if (actor.place.at === 'running') this.trace[line] += '   ... waits'
    this.#actors.forEach(({ results, name }, other) => {
      for (let call = before[other]!; call < results.length; call++) {
        this.spans.push({ actor: other, call, begin: this.#begun[other]!, end: step })
        this.trace.push(`      ${name} has ${JSON.stringify(results[call], nameInside)}`)
      }
    })
    for (const { failures, name } of this.#actors) {
      for (const code of failures.splice(0)) {
        if (code === '40P01') this.failures.push(`${name} was ended by a deadlock`)
      }
    }
  }

  /** Resolves when each actor has stopped or ended, or waits for one that has stopped. */
  async settle(): Promise<void> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const runs = this.#actors.filter(({ place }) => place.at === 'running')
      if (runs.length === 0) return
      if (Date.now() > deadline) await this.#giveUp()
      const { changes } = this.#ground
      const othersInside = this.#actors.some(actor => actor.place.at === 'stop' && actor.isInside)
      // Most go on at once. Only those that do not, and may have to wait for somebody, are looked at.
      const mayWait = runs.length > 1 || othersInside
      await Promise.race([this.#ground.change(), setTimeout(mayWait ? 1 : 100)])
      if (this.#ground.changes !== changes || !mayWait) continue
      const waits = await this.#ground.waits(pidsOf(runs))
      if (this.#ground.changes === changes && this.#allWait(runs, waits)) return
    }
  }

  /** Whether nobody goes on unless one that has stopped does. */
  #allWait(runs: readonly Actor[], waits: ReadonlyMap<number, readonly number[]>): boolean {
    const still = new Set(pidsOf(this.#actors))
    const everyoneWaits = runs.every(({ clients }) => clients.some(({ processID }) => waits.has(processID)))
    if (!everyoneWaits) return false
    const forActors = [...waits.values()].every(blockers => blockers.every(pid => still.has(pid)))
    // In a deadlock, the server ends one of them.
    return forActors && [...waits.keys()].every(pid => endsAtAStop(pid, waits))
  }

  async #giveUp(): Promise<never> {
    const places = this.#actors.map(({ name, place }) => `${name}: ${place.at === 'stop' ? place.next : place.at}`)
    await this.#ground.cutOff()
    throw new Error(`nobody goes on after ${this.schedule}:\n${[...this.trace, ...places].join('\n')}`)
  }
}

/** For `JSON.stringify`: contents by their names. */
function nameInside(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? (namesOfIds.get(value) ?? value) : value
}

function pidsOf(actors: readonly Actor[]): number[] {
  return actors.flatMap(({ clients }) => clients.map(({ processID }) => processID))
}

/** Whether somebody that this one waits for, directly or not, waits for nobody. */
function endsAtAStop(pid: number, waits: ReadonlyMap<number, readonly number[]>, seen = new Set<number>()): boolean {
  const blockers = waits.get(pid)
  if (blockers === undefined) return true
  if (seen.has(pid)) return false
  seen.add(pid)
  return blockers.every(blocker => endsAtAStop(blocker, waits, new Set(seen)))
}
