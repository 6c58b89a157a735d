import { hasCapability } from '../declared/capabilities.ts'
import type { AnyHarness, Capability, Fixture, StoreOptions } from '../harness.ts'
import { watchCall } from '../watch/calls-under-way.ts'
import { watchFixture } from '../watch/watch-fixture.ts'

/** What a case is given: fixtures, and a way to have things closed after the case. */
export class CaseContext<F extends Fixture = Fixture> {
  readonly #harness: AnyHarness
  readonly #afterwards: (() => Promise<unknown>)[] = []

  constructor(harness: AnyHarness) {
    this.#harness = harness
  }

  /** A fresh, empty fixture. It is disposed of after the case. */
  async create(options?: StoreOptions): Promise<F> {
    const create = this.#harness.create as (options?: StoreOptions) => Promise<Fixture>
    const fixture = watchFixture(await watchCall('harness.create', create.call(this.#harness, options)))
    this.#afterwards.push(() => fixture.dispose())
    return fixture as F
  }

  /** Has a fresh fixture used, and disposes of it at once: for a case that needs more of them than can be open. */
  async withFresh(use: (fixture: F) => Promise<void>): Promise<void> {
    const one = new CaseContext<F>(this.#harness)
    try {
      await use(await one.create())
    } finally {
      await one.finish()
    }
  }

  /** Whether the harness has the capability, for a case that can check more then. */
  has(capability: Capability): boolean {
    return hasCapability(this.#harness, capability)
  }

  /** Closes the resource after the case, before the fixtures. */
  use<R extends AsyncDisposable>(resource: R): R {
    this.defer(async () => resource[Symbol.asyncDispose]())
    return resource
  }

  /** Calls the function after the case. What was deferred last is called first. */
  defer(undo: () => Promise<unknown>): void {
    this.#afterwards.push(undo)
  }

  /** Calls what was deferred, last first. It goes on past failures and throws the first one. */
  async finish(): Promise<void> {
    const failures: unknown[] = []
    for (const undo of this.#afterwards.splice(0).reverse()) {
      await undo().catch(error => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
}

/** A part of the fixture that the harness says it has. */
export function provided<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`the harness declares a capability for which its fixture has no \`${name}\``)
  return part
}
