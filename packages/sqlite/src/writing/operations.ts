import type { AttachmentId, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { ListedContent } from '@lash/attachments-core/backend'
import type { Tables } from '../database/tables.ts'
import type { ClaimStep } from '../manifest/claim-table.ts'
import type { Intent, Release } from '../manifest/ref-table.ts'
import type { RefTargets } from '../manifest/ref-targets.ts'
import type { BlobToWrite } from '../store/blob-table.ts'
import type { Encoded } from '../store/compression.ts'

/** A blob whose bytes go into its row; the generation may come from the intent. */
export type SmallBlob = BlobToWrite & { body: Encoded }

/**
 * Everything that writes, as data: an operation runs on the connection at hand, whichever thread that belongs to. Each
 * is a part of a transaction, and may run again when that was rolled back.
 */
export interface Operations {
  putBlob: { request: { blob: SmallBlob }; result: undefined }
  beginUpload: { request: object; result: number }
  appendChunks: { request: { upload: number; position: number; chunks: readonly Encoded[] }; result: boolean }
  /** Makes a blob of the upload. False when the upload was taken for a dead writer's. */
  finishUpload: { request: { upload: number; blob: BlobToWrite }; result: boolean }
  abandonUpload: { request: { upload: number }; result: undefined }
  /** Whether there may be more to clean. */
  cleanUploads: { request: object; result: boolean }
  /** Whether chunks are left to clean. */
  removeBlobs: { request: { keys: readonly AttachmentKey[] }; result: boolean }

  recordIntent: { request: Intent; result: number }
  /** An intent for the blob, with the blob's metadata, and the blob; its generation comes from the intent. */
  recordIntentAndPut: {
    request: { sessionId: string; holder: string; intentAtEpochMs: number; blob: SmallBlob }
    result: number
  }
  /** The ids that cannot be committed; then nothing has changed. */
  commitRefs: {
    request: { sessionId: string; holder: string; targets: RefTargets; now: number }
    result: AttachmentId[]
  }
  releaseRefs: { request: Release; result: undefined }
  claimOrphans: { request: { query: OrphanQuery; now: number }; result: ClaimStep }
  claimBlobs: { request: { copies: RefTargets; now: number }; result: ListedContent[] }
  settleClaims: { request: { claims: readonly OrphanClaim[]; now: number; purgeBefore: number }; result: undefined }
  forget: { request: { id: AttachmentId; now: number }; result: undefined }
}

export type OperationKind = keyof Operations
export type OperationRequest<K extends OperationKind> = Operations[K]['request']
export type OperationResult<K extends OperationKind> = Operations[K]['result']

/** An operation to run, as it crosses to the writer thread. */
export interface Operation {
  kind: OperationKind
  request: OperationRequest<OperationKind>
}

/** What frees room on a full disk. It may use the room that is kept for it. */
export const freesRoom: ReadonlySet<OperationKind> = new Set<OperationKind>([
  ...(['abandonUpload', 'cleanUploads', 'removeBlobs'] as const),
  ...(['releaseRefs', 'claimOrphans', 'claimBlobs', 'settleClaims', 'forget'] as const),
])

/** What may change nothing, because it finds its work done, and yet tells its caller that something is there. */
export const mayFindItDone: ReadonlySet<OperationKind> = new Set<OperationKind>(['putBlob', 'commitRefs'])

/** Runs an operation, inside a transaction on the connection of the tables. */
export function runOperation(tables: Tables, { kind, request }: Operation): unknown {
  return (handlers[kind] as (tables: Tables, request: unknown) => unknown)(tables, request)
}

type Handlers = {
  readonly [K in OperationKind]: (
    tables: Tables,
    request: OperationRequest<K>,
  ) => undefined extends OperationResult<K> ? unknown : OperationResult<K>
}

const handlers: Handlers = {
  putBlob: ({ blobs }, { blob }) => blobs.write(blob, Date.now()),
  beginUpload: ({ uploads }) => uploads.begin(Date.now()),
  appendChunks: ({ uploads }, { upload, position, chunks }) => uploads.append(upload, position, chunks, Date.now()),
  finishUpload: ({ blobs, uploads }, { upload, blob }) => {
    if (!uploads.holds(upload)) return false
    // Somebody else may have put the same meanwhile; then these chunks are not needed.
    if (blobs.write(blob, Date.now())) uploads.end(upload)
    else uploads.abandon(upload)
    return true
  },
  abandonUpload: ({ uploads }, { upload }) => uploads.abandon(upload),
  cleanUploads: ({ uploads }) => uploads.clean(Date.now()),
  removeBlobs: ({ blobs }, { keys }) => blobs.remove(keys),

  recordIntent: ({ refs }, intent) => refs.recordIntent(intent),
  recordIntentAndPut: ({ refs, blobs }, { blob, ...intent }) => {
    const { key, byteLength, meta } = blob
    const generation = refs.recordIntent({ ...intent, attachmentId: key.id, byteLength, meta })
    blobs.write(generation === key.generation ? blob : { ...blob, key: { id: key.id, generation } }, Date.now())
    return generation
  },
  commitRefs: ({ refs }, { sessionId, holder, targets, now }) => refs.commit(sessionId, holder, targets, now),
  releaseRefs: ({ refs }, release) => refs.release(release),
  claimOrphans: ({ claims }, { query, now }) => claims.claimOrphans(query, now),
  claimBlobs: ({ claims }, { copies, now }) => claims.claimBlobs(copies, now, false),
  settleClaims: ({ claims }, { claims: settled, now, purgeBefore }) => claims.settle(settled, now, purgeBefore),
  forget: ({ claims }, { id, now }) => claims.forget(id, now),
}
