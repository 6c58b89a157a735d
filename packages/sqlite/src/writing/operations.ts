import type { AttachmentId, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { Database } from 'better-sqlite3'
import { type ClaimStep, ClaimTable } from '../manifest/claim-table.ts'
import { type Intent, RefTable } from '../manifest/ref-table.ts'
import type { RefTargets } from '../manifest/ref-targets.ts'
import { BlobTable, type BlobToWrite } from '../store/blob-table.ts'
import type { Encoded } from '../store/compression.ts'
import { UploadTable } from '../store/upload-table.ts'

/** A blob whose bytes go into its row; the generation may come from the intent. */
export type SmallBlob = BlobToWrite & { body: Encoded }

/**
 * Everything that writes, as data: an operation runs on the connection at hand, whichever thread that belongs to. Each is a
 * part of a transaction and may be run again when that was rolled back.
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
  recordIntentAndPut: { request: { sessionId: string; intentAtEpochMs: number; blob: SmallBlob }; result: number }
  /** The ids that cannot be committed; then nothing has changed. */
  commitRefs: { request: { sessionId: string; targets: RefTargets; now: number }; result: AttachmentId[] }
  releaseRefs: {
    request: { sessionId: string; targets: RefTargets | undefined; now: number }
    result: undefined
  }
  claimOrphans: { request: { query: OrphanQuery; now: number }; result: ClaimStep }
  claimBlobs: { request: { blobs: readonly AttachmentKey[]; now: number }; result: OrphanClaim[] }
  settleClaims: { request: { claims: readonly OrphanClaim[]; now: number; purgeBefore: number }; result: undefined }
  forget: { request: { id: AttachmentId; now: number }; result: undefined }
}

/** What a full disk is emptied with. It may use the room that is kept for it. */
export const freesRoom: ReadonlySet<OperationKind> = new Set<OperationKind>([
  ...(['abandonUpload', 'cleanUploads', 'removeBlobs'] as const),
  ...(['releaseRefs', 'claimOrphans', 'claimBlobs', 'settleClaims', 'forget'] as const),
])

export type OperationKind = keyof Operations
export type OperationRequest<K extends OperationKind> = Operations[K]['request']
export type OperationResult<K extends OperationKind> = Operations[K]['result']

/** An operation to run, as it crosses to the writer thread. */
export interface Operation {
  kind: OperationKind
  request: OperationRequest<OperationKind>
}

type Handlers = {
  readonly [K in OperationKind]: (
    request: OperationRequest<K>,
  ) => undefined extends OperationResult<K> ? unknown : OperationResult<K>
}

/** Our tables on one connection: what reads is called directly, what writes runs as an operation inside a transaction. */
export class Tables {
  readonly blobs: BlobTable
  readonly uploads: UploadTable
  readonly refs: RefTable
  readonly claims: ClaimTable
  readonly #handlers: Handlers

  constructor(database: Database) {
    this.blobs = new BlobTable(database)
    this.uploads = new UploadTable(database)
    this.refs = new RefTable(database)
    this.claims = new ClaimTable(database)
    this.#handlers = handlers(this)
  }

  run({ kind, request }: Operation): unknown {
    return (this.#handlers[kind] as (request: unknown) => unknown)(request)
  }
}

function handlers({ blobs, uploads, refs, claims }: Tables): Handlers {
  return {
    putBlob: ({ blob }) => blobs.write(blob, Date.now()),
    beginUpload: () => uploads.begin(Date.now()),
    appendChunks: ({ upload, position, chunks }) => uploads.append(upload, position, chunks, Date.now()),
    finishUpload: ({ upload, blob }) => {
      if (!uploads.holds(upload)) return false
      // Somebody else may have put the same meanwhile; then these chunks are not needed.
      if (blobs.write(blob, Date.now())) uploads.end(upload)
      else uploads.abandon(upload)
      return true
    },
    abandonUpload: ({ upload }) => uploads.abandon(upload),
    cleanUploads: () => uploads.clean(Date.now()),
    removeBlobs: ({ keys }) => blobs.remove(keys),

    recordIntent: intent => refs.recordIntent(intent),
    recordIntentAndPut: ({ sessionId, intentAtEpochMs, blob }) => {
      const { key, meta } = blob
      const generation = refs.recordIntent({ attachmentId: key.id, sessionId, intentAtEpochMs, meta })
      blobs.write(generation === key.generation ? blob : { ...blob, key: { id: key.id, generation } }, Date.now())
      return generation
    },
    commitRefs: ({ sessionId, targets, now }) => refs.commit(sessionId, targets, now),
    releaseRefs: ({ sessionId, targets, now }) => refs.release(sessionId, targets, now),
    claimOrphans: ({ query, now }) => claims.claimOrphans(query, now),
    claimBlobs: ({ blobs, now }) => claims.claimBlobs(blobs, now),
    settleClaims: ({ claims: settled, now, purgeBefore }) => claims.settle(settled, now, purgeBefore),
    forget: ({ id, now }) => claims.forget(id, now),
  }
}
