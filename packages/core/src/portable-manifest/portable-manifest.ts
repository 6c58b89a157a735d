import { loaded } from '../calls/load.ts'
import type { AttachmentId } from '../content/id.ts'
import type { CheckedIntent, CommitTarget } from '../manifest/checks.ts'
import type { ImportBatch } from '../manifest/imports.ts'
import type { AttachmentManifestEntry, OrphanClaim, OrphanQuery } from '../manifest/manifest.ts'
import {
  type AttachmentManifestOptions,
  type CommitRequest,
  type EntryPages,
  type ListedContent,
  ManifestBase,
  type RecordPages,
} from '../manifest/manifest-base.ts'
import { checkWhole } from '../numbers.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentManifestDriver } from './driver.ts'
import type { Protocol } from './protocol.ts'

/** Other backends share this entry of the package and need none of the protocol, so it is loaded apart. */
const protocolModule = loaded(() => import('./protocol.ts'))

/** The least `maxChanges`: an intent of content that was claimed fits, and so does a claim of content with one ref. */
const leastChanges = 20

/**
 * A manifest over a small driver. The reclaim protocol is done here, as optimistic steps.
 * See `AttachmentManifest` for what it guarantees, and `AttachmentManifestDriver` for what it needs.
 *
 * It cannot join a host's transaction: `commitRefs` with `client` rejects with `AttachmentInvalidArgumentError`. If the
 * driver has `maxChanges`, so does a commit of more refs than a step takes, which is about a quarter of that; and a
 * release or `forget` of more refs is no longer done in one step.
 */
export class PortableAttachmentManifest extends ManifestBase {
  readonly #driver: AttachmentManifestDriver
  #protocol: Protocol | undefined

  /** @throws AttachmentInvalidArgumentError */
  constructor(driver: AttachmentManifestDriver, options: AttachmentManifestOptions = {}) {
    super(driver.name, options, 'leave it out, or use a manifest that is made for your database')
    if (driver.maxChanges !== undefined)
      checkWhole('maxChanges', driver.maxChanges, Number.MAX_SAFE_INTEGER, leastChanges)
    this.#driver = driver
    // Now, since later there may be no file descriptor left.
    this.#loaded().catch(() => {})
  }

  async #loaded(): Promise<Protocol> {
    if (this.#protocol !== undefined) return this.#protocol
    const { Protocol } = await protocolModule()
    this.#protocol ??= new Protocol(this.#driver, this.now, this.tombstoneRetentionMs)
    return this.#protocol
  }

  protected async record(intent: CheckedIntent): Promise<number> {
    return (await this.#loaded()).record(intent)
  }

  protected async commit(
    sessionId: string,
    targets: readonly CommitTarget[],
    request: CommitRequest,
  ): Promise<AttachmentId[]> {
    return (await this.#loaded()).commit(sessionId, targets, request)
  }

  protected async release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommittedOnly: boolean,
  ): Promise<void> {
    return (await this.#loaded()).release(sessionId, ids, holder, uncommittedOnly)
  }

  protected async find(
    sessionId: string,
    id: AttachmentId,
    holder: string | undefined,
  ): Promise<AttachmentManifestEntry | undefined> {
    return (await this.#loaded()).find(sessionId, id, holder)
  }

  protected async *refsOf(sessionId: string, holder: string | undefined): EntryPages {
    yield* (await this.#loaded()).refsOf(sessionId, holder)
  }

  protected async *uncommitted(olderThanEpochMs: number): EntryPages {
    yield* (await this.#loaded()).uncommitted(olderThanEpochMs)
  }

  protected async claim(query: OrphanQuery): Promise<OrphanClaim[]> {
    return (await this.#loaded()).claim(query)
  }

  protected async claimListed(highest: readonly AttachmentKey[], dryRun: boolean): Promise<readonly ListedContent[]> {
    return (await this.#loaded()).claimListed(highest, dryRun)
  }

  protected async settle(claims: readonly OrphanClaim[]): Promise<void> {
    return (await this.#loaded()).settle(claims)
  }

  protected async drop(id: AttachmentId): Promise<void> {
    return (await this.#loaded()).drop(id)
  }

  protected async *exported(): RecordPages {
    yield* (await this.#loaded()).exported()
  }

  protected async fill(batches: AsyncIterable<ImportBatch>): Promise<void> {
    return (await this.#loaded()).fill(batches)
  }

  protected free(): Promise<void> {
    return this.#driver.close()
  }
}
