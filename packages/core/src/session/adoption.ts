import type { AttachmentId } from '../content/id.ts'
import { type AttachmentRef, refTo } from '../content/meta.ts'
import { AttachmentNotFoundError } from '../errors.ts'
import type { AttachmentManifest } from '../manifest/manifest.ts'
import type { AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'
import { type Intents, recorded } from './intents.ts'
import type { PendingPut } from './pending.ts'

/** A view of a session that others may adopt from. */
interface Source {
  ref(id: AttachmentId, options: AttachmentSignalOptions): Promise<AttachmentRef | undefined>
}

/** Gives one holder refs to what others hold, without their bytes. */
export class Adoption {
  readonly #store: AttachmentStore
  readonly #manifest: AttachmentManifest
  readonly #intents: Intents

  constructor(store: AttachmentStore, manifest: AttachmentManifest, intents: Intents) {
    this.#store = store
    this.#manifest = manifest
    this.#intents = intents
  }

  /**
   * The intent comes before the look at the bytes. If a sweep takes them after the look, it has met the intent, and the
   * commit is refused. The other way round, bytes that are gone could be committed.
   */
  async adopt(
    put: PendingPut,
    id: AttachmentId,
    from: Source,
    options: AttachmentSignalOptions,
  ): Promise<AttachmentRef> {
    let source = await from.ref(id, options)
    if (source === undefined) throw new AttachmentNotFoundError(id)
    for (;;) {
      const { generation: sourceGeneration = 0, ...meta } = source
      const generation = await this.#record(meta, options)
      put.intentRecorded(generation)
      const ref = refTo(meta, generation)
      if (await this.#isThere(ref, options)) return ref
      if (await this.#isCopied(ref, sourceGeneration, options)) return ref
      // If a sweep and another put of the source came between, the bytes are there again.
      const now: AttachmentRef | undefined = await from.ref(id, options)
      if (now === undefined || now.generation === source.generation) {
        await this.#intents.withdraw(id)
        throw new AttachmentNotFoundError(id)
      }
      source = now
    }
  }

  #record({ id, byteLength, ...meta }: AttachmentRef, { signal }: AttachmentSignalOptions): Promise<number> {
    return recorded(id, signal, () => this.#manifest.recordIntent(this.#intents.of({ id, byteLength }, meta)))
  }

  async #isThere(
    { id, byteLength, generation = 0 }: AttachmentRef,
    options: AttachmentSignalOptions,
  ): Promise<boolean> {
    return (await this.#store.stat(id, { ...options, generation }))?.byteLength === byteLength
  }

  /** Copies from the generation of the source. False when its bytes are gone too. */
  async #isCopied(
    { id, byteLength: _, generation = 0, ...meta }: AttachmentRef,
    sourceGeneration: number,
    { signal }: AttachmentSignalOptions,
  ): Promise<boolean> {
    if (generation === sourceGeneration) return false
    try {
      const { body } = await this.#store.stream(id, { generation: sourceGeneration, signal })
      await this.#store.put(body, meta, { generation, signal })
      return true
    } catch (error) {
      if (AttachmentNotFoundError.isInstance(error)) return false
      throw error
    }
  }
}
