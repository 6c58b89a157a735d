import type { AttachmentManifest, AttachmentManifestEntry } from '../manifest/manifest.ts'
import { checkWhole } from '../numbers.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'
import { eachConcurrently } from './each-concurrently.ts'
import { isOfOneBlob } from './failures.ts'
import type { MaintenanceProgress } from './progress.ts'
import { hasCopy, putWhole } from './whole-copy.ts'

export interface RepairOptions {
  /** Find out what would be repaired and what is lost, and put nothing. Default false. */
  dryRun?: boolean | undefined
  /** How many contents are looked at at the same time: 1 to 1,000, default 8. */
  concurrency?: number | undefined
  /** Stops the run. It rejects with `signal.reason`, and has put what it had told. */
  signal?: AbortSignal | undefined
  /** Called after each content with a committed ref. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

export interface RepairReport {
  /** How many contents with a committed ref were looked at, each once. */
  checkedCount: number
  /** For how many of them the copy that the refs name was put again or, in a dry run, would be. */
  repairedCount: number
  /** The committed refs to content of which no copy is whole. */
  lost: readonly AttachmentManifestEntry[]
}

/** What committed refs name. */
interface CommittedContent extends AttachmentKey {
  /** As a ref says. Undefined where it was recorded without. */
  readonly byteLength: number | undefined
  /** Whether the copy is there, or was put again, once somebody looks. */
  isThere?: Promise<boolean>
}

/** Some of the committed refs to content, of which a manifest may give many one after the other. */
interface CommittedRefs {
  readonly content: CommittedContent
  readonly refs: readonly AttachmentManifestEntry[]
}

/**
 * For after a restore of the manifest, of the store or of both. Looks whether the copy that committed refs name is
 * there, with its length and readable metadata, by one `stat` for each content of every session. Where it is not, puts
 * it again from a copy at another generation whose bytes are whole: all copies of an id are the same bytes. What nobody
 * has a whole copy of is told as lost, and comes back, for everyone who holds it, when anybody puts the bytes again.
 *
 * Run it before any sweep, while nobody puts: a sweep takes the other copies. It changes no ref and deletes nothing, so
 * it may be stopped and run again. Bytes that are damaged and have their length are found by `verifyStore`; delete
 * such a copy first. Memory is bounded but for what is lost.
 * @throws AttachmentInvalidArgumentError, `signal.reason`, or what the manifest or the store throws when it is down.
 */
export async function repairCopies(
  manifest: AttachmentManifest,
  store: AttachmentStore,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { dryRun = false, concurrency = 8, signal, onProgress } = options
  checkWhole('concurrency', concurrency, 1000, 1)
  signal?.throwIfAborted()
  const lost: AttachmentManifestEntry[] = []
  const report = { checkedCount: 0, repairedCount: 0, lost }
  let lengthSoFar = 0

  const look = async (content: CommittedContent) => {
    const isThere = await hasCopy(store, content, content.byteLength, { signal })
    const isPut = !isThere && (await putFromAnother(store, content, dryRun, signal))
    if (isPut) report.repairedCount++
    report.checkedCount++
    lengthSoFar += content.byteLength ?? 0
    onProgress?.({ count: report.checkedCount, byteLength: lengthSoFar })
    return isThere || isPut
  }
  await eachConcurrently(committedRefs(manifest, { signal }), concurrency, async ({ content, refs }) => {
    content.isThere ??= look(content)
    if (!(await content.isThere)) for (const ref of refs) lost.push(ref)
  })
  return report
}

async function* committedRefs(
  manifest: AttachmentManifest,
  options: AttachmentSignalOptions,
): AsyncGenerator<[CommittedRefs], void, void> {
  let content: CommittedContent | undefined
  for await (const record of manifest.exportContents(options)) {
    if (!('refs' in record)) continue
    const refs = record.refs.filter(ref => ref.committedAtEpochMs !== undefined && ref.releasedAtEpochMs === undefined)
    const [first] = refs
    if (first === undefined) continue
    const { attachmentId: id, generation } = record
    if (content?.id !== id) content = { id, generation, byteLength: first.byteLength }
    yield [{ content, refs }]
  }
}

/** Whether there was another copy that is whole. */
async function putFromAnother(
  store: AttachmentStore,
  { id, generation }: AttachmentKey,
  dryRun: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const copy of store.list({ prefix: id, signal })) {
    if (copy.generation === generation) continue
    try {
      await putWhole(store, copy, store, { generation, dryRun, signal })
      return true
    } catch (error) {
      if (!isOfOneBlob(error)) throw error
    }
  }
  return false
}
