import assert from 'node:assert/strict'
import type { AttachmentClaimBlobsOptions, AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import type { AttachmentPair } from '../harness.ts'
import { idOf } from '../run/contents.ts'

/** The methods that a case can intercept, of the store and of the manifest. Either may lack an optional one. */
export type Method = StoreMethod | ManifestMethod
type StoreMethod = Extract<keyof AttachmentStore, 'put' | 'get' | 'stream' | 'stat' | 'delete'>
type ManifestMethod = Extract<
  keyof AttachmentManifest,
  'recordIntent' | 'recordIntentAndPut' | 'commitRefs' | 'lookup' | 'claimOrphans' | 'claimBlobs' | 'settleClaims'
>

const storeMethods: readonly string[] = ['put', 'get', 'stream', 'stat', 'delete'] satisfies StoreMethod[]

/** What happens in the place of a call. `call` makes the call itself. */
export type Interceptor = (call: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>

export type Interceptors = { readonly [M in Method]?: Interceptor }

/**
 * The same pair, but for the calls that are intercepted. A half of which nothing is intercepted is the very same
 * object.
 */
export function interceptedPair({ store, manifest }: AttachmentPair, interceptors: Interceptors): AttachmentPair {
  const methods = Object.keys(interceptors) as Method[]
  const isOfStore = (method: Method) => storeMethods.includes(method)
  return {
    store: intercepted(store, methods.filter(isOfStore), interceptors),
    manifest: intercepted(
      manifest,
      methods.filter(method => !isOfStore(method)),
      interceptors,
    ),
  }
}

function intercepted<T extends object>(target: T, methods: readonly Method[], interceptors: Interceptors): T {
  if (methods.length === 0) return target
  return new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target)
      const interceptor = methods.includes(property as Method) ? interceptors[property as Method] : undefined
      if (typeof value !== 'function' && interceptor === undefined) return value
      return (...args: unknown[]) => {
        const call = () => (value as (...args: unknown[]) => Promise<unknown>).apply(target, args)
        return interceptor === undefined ? call() : interceptor(call, args)
      }
    },
  })
}

/** Every call of the method rejects with the cause. */
export function failingWith(cause: unknown): Interceptor {
  return () => Promise.reject(cause)
}

/** The calls for this content reject with the cause; the others are made. */
export function failsFor(text: string, cause: unknown): Interceptor {
  return (call, [id]) => (id === idOf(text) ? Promise.reject(cause) : call())
}

/** Notes each call in `calls`, by the name of its method, and makes it. */
export function noting(calls: string[], ...methods: Method[]): Interceptors {
  const note =
    (method: Method): Interceptor =>
    call => {
      calls.push(method)
      return call()
    }
  return Object.fromEntries(methods.map(method => [method, note(method)]))
}

/** Where calls of one method can be made to stall: before they do anything, or when they have done their work. */
export type StopName = `${'before' | 'after'} ${Method}`

/** Work that stalls at a stop. */
export interface Stalled<T> {
  /** Lets it go on; resolves with its result. */
  goOn(): Promise<T>
}

/** A stop on the way of some calls. They pass it, until a case has work stall there. */
export class Stop {
  readonly #name: StopName
  readonly #reached = Promise.withResolvers<void>()
  readonly #opened = Promise.withResolvers<void>()
  #isClosed = false

  constructor(name: StopName) {
    this.#name = name
  }

  /** What makes calls come to the stop. */
  get interceptors(): Interceptors {
    const [when, method] = this.#name.split(' ') as ['before' | 'after', Method]
    const interceptor: Interceptor = async (call, [, options]) => {
      // An audit looks before it takes. The stop is at what it takes.
      if (method === 'claimBlobs' && (options as AttachmentClaimBlobsOptions | undefined)?.dryRun) return call()
      if (when === 'before') await this.#pass()
      const result = await call()
      if (when === 'after') await this.#pass()
      return result
    }
    return { [method]: interceptor }
  }

  /**
   * Starts the work. Resolves when one of its calls has come to the stop; from then on it stalls, until it is let
   * go on.
   */
  async stall<T>(work: () => Promise<T>): Promise<Stalled<T>> {
    this.#isClosed = true
    const result = work()
    const ended = result.then(() => assert.fail(`the work ended before it came to the stop ${this.#name}`))
    await Promise.race([this.#reached.promise, ended])
    // Should the case fail meanwhile, nobody awaits it.
    ended.catch(() => {})
    return {
      goOn: () => {
        this.open()
        return result
      },
    }
  }

  /** Lets all calls through. */
  open(): void {
    this.#opened.resolve()
  }

  async #pass(): Promise<void> {
    if (!this.#isClosed) return
    this.#reached.resolve()
    await this.#opened.promise
  }
}
