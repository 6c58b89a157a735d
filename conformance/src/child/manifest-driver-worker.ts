import type { AttachmentManifestDriver } from '@lash/attachments-core/backend'
import { serve, tellEvent } from './serve.ts'
import type { ManifestDriverService } from './services.ts'

/** The process of a case that has the driver of a manifest open. */
await serve(
  (driver: AttachmentManifestDriver): ManifestDriverService => ({
    get: async keys => (await driver.get(keys)).map(value => value ?? null),
    apply: (reads, writes) => driver.apply({ reads: mapOf(reads), writes: mapOf(writes) }),
    async applyUntilKilled(prefix, count) {
      for (let turn = 0; ; turn++) {
        const writes = Array.from({ length: count }, (_, at): [string, string] => [`${prefix}/${at}`, String(turn)])
        await driver.apply({ reads: new Map(), writes: new Map(writes) })
        tellEvent(String(turn))
      }
    },
    close: () => driver.close(),
  }),
)

function mapOf(entries: readonly (readonly [key: string, value: string | null])[]): Map<string, string | undefined> {
  return new Map(entries.map(([key, value]) => [key, value ?? undefined]))
}
