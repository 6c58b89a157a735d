import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'

const storeCalls = ['put', 'get', 'stat', 'delete'] as const
const manifestCalls = [
  'recordIntent',
  'recordIntentAndPut',
  'commitRefs',
  'releaseRefs',
  'lookup',
  'claimOrphans',
  'claimBlobs',
  'settleClaims',
] as const

/** Where a worker can be told to die: `before recordIntent`, `after put` and so on. */
export const faultPoints: readonly string[] = [...storeCalls, ...manifestCalls].flatMap(name => [
  `before ${name}`,
  `after ${name}`,
])

/** Called at every fault point. It returns, or kills the process. */
export type FaultHook = (point: string) => void

/** Kills this process the n-th time that it passes the point or, without a point, any point. */
export function dieAt(point: string | undefined, times: number): FaultHook {
  let passed = 0
  return here => {
    if (point !== undefined && here !== point) return
    passed++
    if (passed >= times) process.kill(process.pid, 'SIGKILL')
  }
}

/** The pair as the worker sees it: the same pair, with the hook before and after every call. */
export function withFaultPoints(
  store: AttachmentStore,
  manifest: AttachmentManifest,
  hook: FaultHook,
): { store: AttachmentStore; manifest: AttachmentManifest } {
  const seen = watched(store, storeCalls, hook, argument => argument)
  // The manifest recognises its own store, so it must get that one and not the watched one.
  const unwrap = (argument: unknown) => (argument === seen ? store : argument)
  return { store: seen, manifest: watched(manifest, manifestCalls, hook, unwrap) }
}

function watched<T extends object>(
  target: T,
  names: readonly string[],
  hook: FaultHook,
  unwrap: (argument: unknown) => unknown,
): T {
  return new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (typeof property === 'symbol' || !names.includes(property)) return value.bind(target)
      return (...args: unknown[]) => {
        hook(`before ${property}`)
        const result: unknown = value.apply(target, args.map(unwrap))
        if (!(result instanceof Promise)) return result
        return result.then(answer => {
          hook(`after ${property}`)
          return answer
        })
      }
    },
  })
}
