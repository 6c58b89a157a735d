import type {
  AttachmentBody,
  AttachmentContent,
  AttachmentCreateMeta,
  AttachmentGenerationOptions,
  AttachmentGetOptions,
  AttachmentId,
  AttachmentListing,
  AttachmentListOptions,
  AttachmentMeta,
  AttachmentPutOptions,
  AttachmentRef,
  AttachmentSignalOptions,
  AttachmentStore,
  AttachmentStorePersistence,
  AttachmentStream,
  AttachmentStreamOptions,
  StoredAttachment,
} from '@lash/attachments-core'
import { refTo, storedMeta } from '@lash/attachments-core/backend'
import { collect } from '../../run/samples.ts'
import { judgeDelete } from '../judge/calls.ts'
import { change, type Gate, read } from './gate.ts'
import type { Scene } from './scene.ts'

/** A store whose every call waits for its turn. */
export class GatedStore implements AttachmentStore {
  readonly #inner: AttachmentStore
  readonly #scene: Scene
  readonly #gate: Gate

  constructor(scene: Scene, gate: Gate) {
    this.#inner = scene.store
    this.#scene = scene
    this.#gate = gate
  }

  /** The store behind a gate; any other is given back. */
  static unwrap(store: AttachmentStore): AttachmentStore {
    return store instanceof GatedStore ? store.#inner : store
  }

  get persistence(): AttachmentStorePersistence {
    return this.#inner.persistence
  }

  /** Touches nothing that anybody else sees, so it takes no turn. */
  prepare(body: AttachmentBody, options?: AttachmentSignalOptions): Promise<AttachmentContent> {
    return this.#inner.prepare(body, options)
  }

  async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    const content = isContent(body) ? body : await this.#inner.prepare(body)
    const generation = options.generation ?? 0
    const name = `${this.#scene.nameOf(content.id)}@${generation}`
    if (this.#scene.plan.probes) {
      const found = await read(
        this.#gate,
        `probe ${name}`,
        () => this.#inner.stat(content.id, { generation }),
        known => (known === undefined ? 'absent' : 'present'),
      )
      if (found !== undefined) return refTo(storedMeta(content.id, content.byteLength, meta), generation)
    }
    return change(
      this.#gate,
      `put ${name}`,
      () => this.#inner.put(content, meta, options),
      () => {
        this.#scene.history.contents.written({ id: content.id, generation })
        return 'stored'
      },
    )
  }

  get(id: AttachmentId, options: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    return read(
      this.#gate,
      `get ${this.#name(id, options)}`,
      () => this.#inner.get(id, options),
      () => 'bytes',
    )
  }

  stream(id: AttachmentId, options: AttachmentStreamOptions = {}): Promise<AttachmentStream> {
    return read(
      this.#gate,
      `stream ${this.#name(id, options)}`,
      () => this.#inner.stream(id, options),
      () => 'bytes',
    )
  }

  stat(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<AttachmentMeta | undefined> {
    return read(
      this.#gate,
      `stat ${this.#name(id, options)}`,
      () => this.#inner.stat(id, options),
      meta => (meta === undefined ? 'absent' : 'present'),
    )
  }

  async *list(options?: AttachmentListOptions): AsyncGenerator<AttachmentListing, void, void> {
    const blobs = await read(
      this.#gate,
      'list',
      () => collect(this.#inner.list(options)),
      listed => listed.map(blob => `${this.#scene.nameOf(blob.id)}@${blob.generation}`).join(', '),
    )
    yield* blobs
  }

  delete(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<void> {
    return change(
      this.#gate,
      `delete ${this.#name(id, options)}`,
      async () => {
        await judgeDelete(this.#scene, id, options.generation)
        await this.#inner.delete(id, options)
      },
      () => 'deleted',
    )
  }

  #name(id: AttachmentId, { generation }: AttachmentGenerationOptions): string {
    return `${this.#scene.nameOf(id)}${generation === undefined ? '' : `@${generation}`}`
  }

  pendingManifestCommitIds(): AttachmentId[] {
    return []
  }

  markManifestCommitted(_ids: readonly AttachmentId[]): void {}

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

function isContent(body: AttachmentBody): body is AttachmentContent {
  return 'id' in body && 'byteLength' in body
}
