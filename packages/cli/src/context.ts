import { type AttachmentManifest, type AttachmentStore, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openManifest, openStore } from './backends/open.ts'
import type { Output } from './output/output.ts'
import { UsageError } from './usage-error.ts'

/** Options that every command has. */
export interface GlobalOptions {
  store?: string
  manifest?: string
  /** Of the package that opens URLs of other schemes. */
  use?: string
  json?: boolean
  quiet?: boolean
}

/** Options of commands that work on what belongs to a session. */
export interface SessionOptions {
  session?: string
  holder?: string
}

/** What a command works with. What it opens here is closed when the command has ended. */
export class Context {
  readonly output: Output
  /** Aborts on Ctrl-C, on a polite kill, and when nobody reads the output any more. */
  readonly signal: AbortSignal
  readonly #options: GlobalOptions & SessionOptions
  readonly #opened: (() => Promise<void>)[] = []

  constructor(options: GlobalOptions & SessionOptions, output: Output, signal: AbortSignal) {
    this.#options = options
    this.output = output
    this.signal = signal
  }

  /** The URL of the store, if there is one. */
  get storeUrl(): string | undefined {
    return this.#options.store
  }

  /** The URL of the manifest, if there is one. */
  get manifestUrl(): string | undefined {
    return this.#options.manifest
  }

  /**
   * Opens the store of `--store`.
   * @param create whether the command may make one where there is none. Default false.
   * @throws UsageError
   */
  store(create = false): Promise<AttachmentStore> {
    const { store: url } = this.#options
    if (url === undefined) throw new UsageError('which store? Give --store URL, or set LASH_ATTACHMENTS_STORE')
    return this.openStore(url, create)
  }

  /**
   * Opens the manifest of `--manifest`.
   * @param create whether the command may make one where there is none. Default false.
   * @throws UsageError
   */
  manifest(create = false): Promise<AttachmentManifest> {
    const { manifest: url } = this.#options
    if (url === undefined) throw new UsageError('which manifest? Give --manifest URL, or set LASH_ATTACHMENTS_MANIFEST')
    return this.openManifest(url, create)
  }

  /** Opens another store than that of `--store`, such as the target of a copy. */
  async openStore(url: string, create = false): Promise<AttachmentStore> {
    const store = await openStore(url, { create, use: this.#options.use })
    this.#opened.push(() => store.close())
    return store
  }

  /** Opens another manifest than that of `--manifest`. */
  async openManifest(url: string, create = false): Promise<AttachmentManifest> {
    const manifest = await openManifest(url, { create, use: this.#options.use })
    this.#opened.push(() => manifest.close())
    return manifest
  }

  /**
   * The view of the session of `--session`, for the holder of `--holder`. Undefined without a session.
   * @throws UsageError when there is a holder and no session, or a session and no manifest.
   */
  async session(create = false): Promise<SessionScopedAttachmentStore | undefined> {
    const { session, holder } = this.#options
    if (session === undefined) {
      if (holder !== undefined) throw new UsageError('whose holder? Give --session ID with --holder')
      return undefined
    }
    const manifest = await this.manifest(create)
    return new SessionScopedAttachmentStore(await this.store(create), manifest, session, { holder })
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map(close => close()))
  }
}
