interface Call {
  /** Such as `store.put`. */
  readonly what: string
  readonly began: number
}

const underWay = new Set<Call>()
const watched = new WeakSet<object>()

/** Knows of the promise until it settles. */
export function watchCall<T>(what: string, promise: Promise<T>): Promise<T> {
  const call = { what, began: performance.now() }
  underWay.add(call)
  const settled = () => underWay.delete(call)
  promise.then(settled, settled)
  return promise
}

/**
 * Knows of each call of the object's methods until it settles. The object stays what it is: a wrapper would be a
 * stranger to a manifest that looks whether a store shares its database.
 */
export function watchCalls<T extends object>(name: string, object: T): T {
  if (watched.has(object) || !Object.isExtensible(object)) return object
  watched.add(object)
  for (const method of methodsOf(object)) {
    const original = Reflect.get(object, method) as (...args: unknown[]) => unknown
    const value = (...args: unknown[]) => watchResult(`${name}.${method}`, original.apply(object, args))
    Object.defineProperty(object, method, { value, configurable: true, writable: true })
  }
  return object
}

/** Calls that began at that time of `performance.now()` or later and have not settled, a line for each. */
export function callsUnderWay(since: number): string[] {
  const now = performance.now()
  return [...underWay]
    .filter(({ began }) => began >= since)
    .map(({ what, began }) => `${what} has not settled for ${Math.round(now - began)} ms`)
}

function watchResult(what: string, result: unknown): unknown {
  if (result instanceof Promise) return watchCall(what, result)
  if (!isAsyncGenerator(result)) return result
  const next = result.next.bind(result)
  return Object.assign(result, { next: () => watchCall(`the next entry of ${what}`, next()) })
}

function isAsyncGenerator(result: unknown): result is AsyncGenerator {
  return Symbol.asyncIterator in Object(result) && typeof (result as AsyncGenerator).next === 'function'
}

function methodsOf(object: object): string[] {
  const methods = new Set<string>()
  for (let level = object; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value === 'function' && name !== 'constructor') methods.add(name)
    }
  }
  return [...methods]
}
