/** A stop that a case puts before or after a call, to say exactly what happens while an actor stalls there. */
export class Gate {
  /** Resolves when a call has come to the gate. */
  readonly reached: Promise<void>
  readonly #opened: Promise<void>
  #reach: () => void = () => {}
  #open: () => void = () => {}

  constructor() {
    this.reached = new Promise(resolve => {
      this.#reach = resolve
    })
    this.#opened = new Promise(resolve => {
      this.#open = resolve
    })
  }

  /** Lets the call, and all later ones, through. */
  open(): void {
    this.#open()
  }

  pass(): Promise<void> {
    this.#reach()
    return this.#opened
  }
}

/** What is to happen around the calls of one method; `call` does the call itself. */
export type Interceptor = (call: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>

/**
 * A store or a manifest as the code under test sees it: the same object, but for the named methods, which go through the
 * interceptors. Methods that return something else than a promise cannot be intercepted.
 */
export function intercepted<T extends object>(
  target: T,
  interceptors: { readonly [Method in keyof T]?: Interceptor },
): T {
  return new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      const interceptor = interceptors[property as keyof T]
      return (...args: unknown[]) => {
        const call = () => value.apply(target, args)
        return interceptor === undefined ? call() : interceptor(call, args)
      }
    },
  })
}

/** Stops the calls of one method before they do anything. */
export function stoppedBefore<T extends object>(target: T, method: keyof T, gate: Gate): T {
  const stop: Interceptor = async call => {
    await gate.pass()
    return call()
  }
  return intercepted(target, { [method]: stop } as { [Method in keyof T]?: Interceptor })
}

/** Stops the calls of one method when they have done their work, before the caller hears of it. */
export function stoppedAfter<T extends object>(target: T, method: keyof T, gate: Gate): T {
  const stop: Interceptor = async call => {
    const result = await call()
    await gate.pass()
    return result
  }
  return intercepted(target, { [method]: stop } as { [Method in keyof T]?: Interceptor })
}
