/*
 * Dear colleague,
 *
 * turns crash and are cancelled, and conversations are deleted. What they leave behind is taken by a sweeper: a process
 * like this one, or the same loop inside your host. Run it with
 *
 *     npx -y pnpm@12 exec node examples/sweeper.ts
 *
 * and stop it with Ctrl-C or SIGTERM. It sweeps what first-turn.ts has left; ATTACHMENTS names another folder.
 * Any number of sweepers may run at the same time, and each may be killed at any moment: the next one goes on.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AttachmentReclamationReport,
  type AttachmentSweepOptions,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
} from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

const minute = 60_000
const day = 24 * 60 * minute

// What was touched more recently is left alone. Your slowest turn should need less from its first put to its commit.
// This is policy, not safety: if it is too short, slow turns have to put again, and nothing committed is ever taken.
const graceMs = setting('SWEEP_GRACE_MS', 60 * minute)
// A sweep costs as much as there is to take. Every few minutes is fine, and so is every hour.
const intervalMs = setting('SWEEP_INTERVAL_MS', 15 * minute)
// An audit lists the whole store, so it is rare. It finds what no sweep knows of: bytes put past the manifest.
const auditIntervalMs = setting('AUDIT_INTERVAL_MS', 7 * day)
// It leaves alone what is younger than this, by the clock of the store. One that would delete more than half of the
// store refuses to, and says so: then the manifest is probably not that of the store. Look before you raise the ratio.
const auditGraceMs = setting('AUDIT_GRACE_MS', day)

// Open what your host opens. The manifest has to know every session of the store: what only another manifest knows
// would be taken for an orphan.
const folder = process.env.ATTACHMENTS ?? join(tmpdir(), 'first-turn')
const store = new FileAttachmentStore(join(folder, 'attachments'))
const manifest = new SqliteAttachmentManifest({ path: join(folder, 'manifest.db') })

// Stop between two deletes. What is claimed by then and not deleted, a later sweep takes over.
const stopping = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort())
const { signal } = stopping
say({ event: 'started', folder, graceMs, intervalMs })

let auditedAtEpochMs = Date.now()
while (!signal.aborted) {
  await attempt('sweep', options => reclaimOrphanedAttachments(manifest, store, Date.now() - graceMs, options))
  if (!signal.aborted && Date.now() - auditedAtEpochMs >= auditIntervalMs) {
    await attempt('audit', options =>
      reclaimUnreferencedAttachments(manifest, store, Date.now() - auditGraceMs, options),
    )
    auditedAtEpochMs = Date.now()
  }
  await sleep(intervalMs, undefined, { signal }).catch(() => {}) // rejects when we are asked to stop
}
await Promise.all([store.close(), manifest.close()])
say({ event: 'stopped' })

/** Sweeps once. A sweep that fails is no reason to end: the next one goes on where it stopped. */
async function attempt(
  event: string,
  sweep: (options: AttachmentSweepOptions) => Promise<AttachmentReclamationReport>,
): Promise<void> {
  const started = performance.now()
  // After each thousand, so that a long sweep shows that it is alive.
  const onProgress = ({ scannedIntentCount: scanned, reclaimedCount: reclaimed }: AttachmentReclamationReport) => {
    if (scanned >= 1000) say({ event: `${event} goes on`, scanned, reclaimed })
  }
  try {
    const { reclaimedCount: reclaimed, failures } = await sweep({ signal, onProgress })
    // A delete that fails leaves its claim, and a later sweep tries again. Several in a row: look at your rights.
    for (const { id, error } of failures) say({ event: `${event} could not delete`, id, error: String(error) })
    // Alert when this line stops coming. If an audit often takes something, find out who puts past the manifest.
    say({ event, reclaimed, failures: failures.length, ms: Math.round(performance.now() - started) })
  } catch (error) {
    if (!signal.aborted) say({ event: `${event} failed`, error: String(error) })
  }
}

function setting(name: string, otherwise: number): number {
  return Number(process.env[name] ?? otherwise)
}

/** One line of JSON for each event, for whatever collects your logs. */
function say(event: object): void {
  console.log(JSON.stringify({ at: new Date().toISOString(), ...event }))
}
