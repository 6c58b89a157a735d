/**
 * The other process of a case: opens a manifest by the harness's module and calls what it is told, a line of JSON at a time, many at once.
 * Started by {@link ManifestProcess} as `node process-worker <ChildModule as JSON>`.
 */
import { createInterface } from 'node:readline'
import { AttachmentIntentExpiredError, type AttachmentManifest } from '@lash/attachments-core'
import type { ChildModule } from '../../harness.ts'
import { loadModule } from '../../run/load-module.ts'
import type { ManifestCall, ManifestReply } from './process.ts'

const { module, options } = JSON.parse(process.argv[2] ?? '') as ChildModule
const { open } = await loadModule<{ open(options: unknown): AttachmentManifest | Promise<AttachmentManifest> }>(module)
const manifest = await open(options)
reply({ call: 0, value: undefined })

for await (const line of createInterface({ input: process.stdin })) void answer(JSON.parse(line) as ManifestCall)
// The parent is gone.
process.exit(0)

async function answer({ call, method, args }: ManifestCall): Promise<void> {
  try {
    const run = manifest[method] as (...args: unknown[]) => Promise<unknown>
    reply({ call, value: await run.apply(manifest, [...args]) })
  } catch (error) {
    reply({
      call,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      ...(AttachmentIntentExpiredError.isInstance(error) ? { ids: error.ids } : {}),
    })
  }
}

function reply(message: ManifestReply): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
