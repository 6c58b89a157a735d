import type {
  AttachmentManifestChanges,
  AttachmentManifestDriver,
  AttachmentManifestRange,
} from '@lash/attachments-core/backend'
import { turn } from '../../run/samples.ts'

/** One manifest call, whose driver calls wait until they are let through. */
export class GatedCall {
  readonly #waiting: { readonly pass: () => void; readonly isWrite: boolean }[] = []
  #inFlight = 0
  #isDone = false
  #answer: unknown
  #changed = Promise.withResolvers<void>()

  /** Begins the call. Its driver must be one that goes {@link through} here. */
  start(call: () => Promise<unknown>): void {
    void call()
      .catch(error => ({ error }))
      .then(answer => {
        this.#answer = answer
        this.#isDone = true
        this.#changed.resolve()
      })
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** Of a call that is done. Throws what the call has thrown. */
  get answer(): unknown {
    if (typeof this.#answer === 'object' && this.#answer !== null && 'error' in this.#answer) throw this.#answer.error
    return this.#answer
  }

  /** Whether one of the driver calls that wait may change something. */
  get writesNext(): boolean {
    return this.#waiting.some(({ isWrite }) => isWrite)
  }

  /** Resolves when the call is done or waits for the driver. */
  async settled(): Promise<void> {
    while (this.#inFlight > 0 || (!this.#isDone && this.#waiting.length === 0)) {
      await this.#changed.promise
      this.#changed = Promise.withResolvers()
    }
    // What it asks for together comes in one turn of the event loop.
    await turn()
  }

  /** Lets the driver calls through that wait. */
  pass(): void {
    for (const { pass } of this.#waiting.splice(0)) {
      this.#inFlight++
      pass()
    }
  }

  async through<T>(isWrite: boolean, call: () => Promise<T>): Promise<T> {
    await new Promise<void>(pass => {
      this.#waiting.push({ pass, isWrite })
      this.#changed.resolve()
    })
    try {
      return await call()
    } finally {
      this.#inFlight--
      this.#changed.resolve()
    }
  }
}

/** A driver whose calls wait at a gate. Reads are torn in two, as they may be: they need not be one view. */
export function gated(driver: AttachmentManifestDriver, call: GatedCall): AttachmentManifestDriver {
  const get = (keys: readonly string[]) => call.through(false, () => driver.get(keys))
  const scan = (range: AttachmentManifestRange) => call.through(false, () => driver.scan(range))
  return {
    ...describedAs(driver),
    async get(keys) {
      if (keys.length < 2) return get(keys)
      const half = keys.length >> 1
      return [...(await get(keys.slice(0, half))), ...(await get(keys.slice(half)))]
    },
    async scan({ start, end, limit }) {
      const [first] = await scan({ start, end, limit: 1 })
      if (first === undefined || limit === 1) return first === undefined ? [] : [first]
      return [first, ...(await scan({ start: `${first[0]} `, end, limit: limit - 1 }))]
    },
    apply: changes => call.through(changes.writes.size > 0, () => driver.apply(changes)),
  }
}

/** A part of the driver's map as a map of its own, for one schedule. */
export function placedAt(prefix: string, driver: AttachmentManifestDriver): AttachmentManifestDriver {
  const within = (values: AttachmentManifestChanges['reads']) =>
    new Map([...values].map(([key, value]) => [prefix + key, value]))
  return {
    ...describedAs(driver),
    get: keys => driver.get(keys.map(key => prefix + key)),
    async scan({ start, end, limit }: AttachmentManifestRange) {
      const entries = await driver.scan({ start: prefix + start, end: prefix + end, limit })
      return entries.map(([key, value]) => [key.slice(prefix.length), value])
    },
    apply: ({ reads, writes }) => driver.apply({ reads: within(reads), writes: within(writes) }),
  }
}

/** What a driver says of itself. To close it is nobody's business here. */
function describedAs({ name, persistence, maxChanges }: AttachmentManifestDriver) {
  return { specificationVersion: 1, name, persistence, maxChanges, close: async () => {} } as const
}
