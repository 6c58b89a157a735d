import type { Random } from '@lash/attachments-conformance/explore'
import { reclaimOrphanedAttachments, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { isFailureOfServer, pause } from './server-failures.ts'
import type { World } from './session-actor.ts'

/** A sweeper without grace: it claims everything that is not committed, and takes over every claim. */
export class SweeperActor {
  readonly #world: World
  readonly #random: Random

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
  }

  async run(): Promise<void> {
    const { tally, over } = this.#world
    while (!over()) {
      try {
        const dice = this.#random.next()
        if (dice < 0.1) await this.#stall()
        else if (dice < 0.2) await this.#audit()
        else await this.#sweep()
      } catch (error) {
        if (!isFailureOfServer(error)) throw error
        tally.count('calls failed by a restart')
      }
      await pause(this.#random.below(250))
    }
  }

  async #sweep(): Promise<void> {
    const { store, manifest, tally } = this.#world
    const now = Number.MAX_SAFE_INTEGER
    const batchSize = 1 + this.#random.below(20)
    // With a time in the future, a sweep would take over its own failed claims for ever.
    const staleClaimEpochMs = Date.now() - 1
    const report = await reclaimOrphanedAttachments(manifest, store, now, { batchSize, staleClaimEpochMs })
    tally.count('sweeps')
    tally.count('copies reclaimed', report.reclaimedCount)
  }

  async #audit(): Promise<void> {
    const { store, manifest, tally } = this.#world
    const report = await reclaimUnreferencedAttachments(manifest, store, Number.MAX_SAFE_INTEGER, { maxDeleteRatio: 1 })
    tally.count('audits')
    tally.count('copies reclaimed', report.reclaimedCount)
  }

  /** Claims and stalls, while others take over and sessions put again. Then deletes what it claimed, or never wakes. */
  async #stall(): Promise<void> {
    const { store, manifest, tally } = this.#world
    const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 1 + this.#random.below(5) }
    const claims = await manifest.claimOrphans(query)
    tally.count('sweeps stalled or abandoned')
    if (this.#random.chance(0.3)) return
    await pause(this.#random.below(400))
    for (const { attachmentId, generation } of claims) await store.delete(attachmentId, { generation })
    await manifest.settleClaims(claims)
  }
}
