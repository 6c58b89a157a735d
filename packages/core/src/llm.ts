import { concurrently } from './calls/concurrently.ts'
import { isAttachmentId } from './content/id.ts'
import type { AttachmentRef } from './content/meta.ts'
import { AttachmentInvalidArgumentError, AttachmentNotFoundError } from './errors.ts'
import { checkNumber } from './numbers.ts'
import { physicalName } from './store/driver.ts'
import type { AttachmentSignalOptions, AttachmentStore, StoredAttachment } from './store/store.ts'

/** An attachment of a request to a model, with its bytes or with a reference to them. */
export interface LlmAttachment {
  mediaType?: string
  /** If missing or empty, it is filled in from the reference, if there is one. */
  data?: Uint8Array
  reference?: AttachmentRef
}

/** Any request that carries attachments; the other fields are the host's. */
export interface LlmRequest {
  attachments?: readonly LlmAttachment[]
}

export interface ResolveAttachmentsOptions extends AttachmentSignalOptions {
  /** Reads in flight at a time: 1 or more, default 8. */
  concurrency?: number | undefined
}

/**
 * Fills in the bytes and the stored media type of attachments that have a reference and no data. Returns a copy of the
 * request; the given one is not changed. Each content is read once, however often the request refers to it. Give it a
 * session-scoped store, so that a request can reach nothing but what its session holds.
 * @throws the error of `store.get` for the first attachment that fails; AttachmentInvalidArgumentError when an option
 * is out of range.
 */
export async function resolveLlmRequestAttachments<Request extends LlmRequest>(
  request: Request,
  store: AttachmentStore,
  options: ResolveAttachmentsOptions = {},
): Promise<Request> {
  if (!request.attachments) return { ...request }
  const { signal, concurrency = 8 } = options
  checkNumber('concurrency', concurrency, 1)
  const wanted = new Map<string, AttachmentRef>()
  const names = request.attachments.map(({ data, reference }) => {
    if (data?.length || !reference) return ''
    if (!isAttachmentId(reference.id)) {
      throw new AttachmentInvalidArgumentError('a reference is malformed')
    }
    const name = physicalName(reference)
    wanted.set(name, reference)
    return name
  })
  const found = new Map(
    await concurrently([...wanted], concurrency, async ([name, reference]) => {
      return [name, await read(reference, store, signal)] as const
    }),
  )
  const attachments = request.attachments.map((attachment, index) => {
    const stored = found.get(names[index] as string)
    return stored ? { ...attachment, mediaType: stored.meta.mediaType, data: stored.bytes } : attachment
  })
  return { ...request, attachments }
}

/**
 * Reads at the reference's generation or, if that is gone, at any other: a session that has released the bytes and put
 * them again holds the same bytes at a later generation.
 */
async function read(
  { id, generation = 0 }: AttachmentRef,
  store: AttachmentStore,
  signal: AbortSignal | undefined,
): Promise<StoredAttachment> {
  try {
    return await store.get(id, { signal, generation })
  } catch (error) {
    if (!AttachmentNotFoundError.isInstance(error)) throw error
    return store.get(id, { signal })
  }
}
