import { createInterface } from 'node:readline'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import type { ChildModule } from '../harness.ts'
import { loadModule } from '../run/load-module.ts'
import type { WorkerCall, WorkerLine } from './services.ts'

/**
 * The life of a worker: opens what the harness's module opens, and answers calls, many at once, until the parent
 * is gone. Started by `ChildProcess` as `node <worker> <ChildModule as JSON>`.
 */
export async function serve<Opened, Service extends object>(serviceOf: (opened: Opened) => Service): Promise<never> {
  const { module, options } = JSON.parse(process.argv[2] ?? '') as ChildModule
  const { open } = await loadModule<{ open(options: unknown): Opened | Promise<Opened> }>(module)
  const service = serviceOf(await open(options))
  tell({ call: 0 })
  for await (const line of createInterface({ input: process.stdin })) void answer(service, JSON.parse(line))
  process.exit(0)
}

/** Tells the parent what a call under way has done so far. */
export function tellEvent(event: string): void {
  tell({ event })
}

async function answer(service: object, { call, method, args }: WorkerCall): Promise<void> {
  try {
    const run = service[method as keyof typeof service] as (...args: readonly unknown[]) => Promise<unknown>
    // JSON has no undefined. An argument that is left out comes as null.
    const given = args.map(argument => argument ?? undefined)
    tell({ call, value: await run.apply(service, given) })
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const expired = AttachmentIntentExpiredError.isInstance(error) ? { expiredIds: error.ids } : {}
    tell({ call, error: text, ...expired })
  }
}

function tell(line: WorkerLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
