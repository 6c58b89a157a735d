import type {
  AttachmentHolderOptions,
  AttachmentId,
  AttachmentManifest,
  AttachmentRef,
  AttachmentStore,
} from '@lash/attachments-core'
import type { AttachmentManifestDriver } from '@lash/attachments-core/backend'

/** A way to damage what a store holds, behind its back. */
export type Damage =
  /** One bit of the bytes is flipped. */
  | 'flip'
  /** The last byte or more is gone. */
  | 'truncate'
  /** Bytes were added at the end. */
  | 'extend'
  /** The bytes are gone and their name is still there. */
  | 'empty'
  /** The bytes are there and their metadata is not. */
  | 'drop-metadata'
  /** The metadata is there and cannot be decoded. */
  | 'damage-metadata'

/**
 * What a backend can do, or what a harness can do to it. A case applies when the harness has all that the case
 * requires.
 */
export type Capability =
  // Of a store.
  /** `put`, `get`, `stat` and `delete` take `generation`. A session-scoped store does not: its manifest gives it. */
  | 'generations'
  /** `get` and `stat` give the metadata of the first put. A session-scoped store gives that of the session. */
  | 'metadata-of-first-put'
  /** The store holds bytes and nothing else, so `pendingManifestCommitIds` is always empty. */
  | 'plain'
  /** `create({ maxByteLength })` is honoured. */
  | 'size-limit'
  /** `stream` reads the blob piece by piece. A store whose blobs are in memory copies them instead. */
  | 'incremental-reads'
  /** `fixture.staging` says what is staged, and leaves what a killed writer leaves. */
  | 'staging'
  /** `fixture.corrupt` does this damage. */
  | `damage:${Damage}`
  /** `fixture.deny` takes away the right to read and write. */
  | 'deny'
  /** `fixture.disconnect` makes the backend unreachable. */
  | 'disconnect'
  /** `fixture.stall` keeps the backend from answering. */
  | 'stall'
  /** `fixture.injected` tells whether a handle or pool given to the store is still open. */
  | 'injected'
  // Of a manifest.
  /** `fixture.begin` opens a transaction of the host, which commits of refs can join. */
  | 'transaction'
  /** `fixture.setClock` sets the manifest's own clock. */
  | 'clock'
  // Of all.
  /** What was put survives the end of the process, `kill -9` too, and perhaps not a power cut. */
  | 'crash-safe'
  /** What was put survives a power cut, too: the cases of `crash-safe` apply as well. */
  | 'durable'
  /** `fixture.reopen` gives another instance over the same data, at the same time as the first. */
  | 'reopen'
  /** `fixture.child` says how another process opens the same data. */
  | 'child'

export type HarnessKind = 'store' | 'manifest' | 'session' | 'manifest-driver'

/** Any value that survives `JSON.stringify`. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/**
 * How another process opens what a fixture holds. `module` is the URL or path of an ES module that the runtime can load
 * as it is. It exports `open(options)`, which returns what the fixture has: a store, a manifest, both as
 * `{ store, manifest }`, or the driver of a manifest.
 */
export interface ChildModule {
  readonly module: string
  readonly options: Json
}

/** One fresh, empty, isolated store or manifest, or both, with what the harness can do to it. */
export interface Fixture {
  readonly child?: ChildModule
  /**
   * Closes what `create` opened and removes its data. It is called once, after the case, which may have closed the
   * store already.
   */
  dispose(): Promise<void>
}

export interface StoreFixture extends Fixture {
  readonly store: AttachmentStore
  /** Another instance over the same data. The kit closes it. */
  reopen?(): Promise<AttachmentStore>
  /** Damages the copy. The store may be open. */
  corrupt?(id: AttachmentId, damage: Damage, generation?: number): Promise<void>
  readonly staging?: {
    /** Names of what is staged now: half-written files, spool files, open multipart uploads. */
    list(): Promise<readonly string[]>
    /** Leaves what a writer of these bytes leaves when it is killed halfway, however the backend stages. */
    plant(id: AttachmentId, bytes: Uint8Array): Promise<void>
  }
  /** Takes away the right to read and write. Returns the function that restores it. */
  deny?(): Promise<() => Promise<void>>
  /** Makes the backend unreachable. Returns the function that restores it. */
  disconnect?(): Promise<() => Promise<void>>
  /** Keeps the backend from answering, and closes nothing. Returns the function that restores it. */
  stall?(): Promise<() => Promise<void>>
  /** Secrets that no error may show. */
  readonly secrets?: readonly string[]
  readonly injected?: {
    /** Whether the handle or pool that the store was given can still be used. */
    isOpen(): Promise<boolean>
  }
}

export interface StoreOptions {
  /** Largest body that the store takes. */
  readonly maxByteLength?: number
}

/** An open transaction of the host. Call `commit` or `rollback` once. */
export interface HostTransaction {
  /** The manifest's `commitRefs` inside the transaction, in whatever form the manifest has it. */
  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options?: AttachmentHolderOptions,
  ): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** What a harness can do to a manifest and its database. */
export interface ManifestControls {
  /** Opens a transaction of the host in the manifest's database. */
  begin?(): Promise<HostTransaction>
  /** From now on, the manifest's clock shows this time, in milliseconds since 1970. */
  setClock?(epochMs: number): void
}

export interface ManifestFixture extends Fixture, ManifestControls {
  readonly manifest: AttachmentManifest
  /** Another instance over the same data. The kit closes it. */
  reopen?(): Promise<AttachmentManifest>
}

/** A store and a manifest that belong together. */
export interface AttachmentPair {
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
}

export interface SessionFixture extends Fixture, AttachmentPair, ManifestControls {
  /** Other instances over the same data. The kit closes them. */
  reopen?(): Promise<AttachmentPair>
}

/** The driver of a manifest, over a map of its own. */
export interface ManifestDriverFixture extends Fixture {
  readonly driver: AttachmentManifestDriver
  /** Another driver over the same data. The kit closes it. */
  reopen?(): Promise<AttachmentManifestDriver>
}

/** What every harness has. */
export interface Harness<Kind extends HarnessKind, F extends Fixture, Options = undefined> {
  readonly kind: Kind
  /** The name of the backend in the report: `fs`, `sqlite (compact)`. */
  readonly name: string
  readonly capabilities: readonly Capability[]
  /** Why the backend lacks a capability, for the report. */
  readonly lacks?: Partial<Record<Capability, string>>
  /** Why cases, by their ids, are known to fail. They are run, and must still fail. */
  readonly knownFailures?: Readonly<Record<string, string>>
  /** How long one case may take, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
  /**
   * Makes a fresh, empty, isolated fixture: its own folder, schema, prefix or database. It is called many times,
   * also at the same time, and never wipes anything.
   */
  create(options?: Options): Promise<F>
  /**
   * The versions of what the backend is made of, for the report: `{ PostgreSQL: '17.2', pg: '8.23.1' }`. Called once,
   * before `cleanup`.
   */
  versions?(): Promise<Readonly<Record<string, string>>>
  /** Removes what is left, such as a common parent folder. It is called once, at the end. */
  cleanup(): Promise<void>
}

export interface StoreHarness extends Harness<'store', StoreFixture, StoreOptions> {}
export interface ManifestHarness extends Harness<'manifest', ManifestFixture> {}
/** Store x manifest. */
export interface SessionHarness extends Harness<'session', SessionFixture> {}

export interface ManifestDriverHarness extends Harness<'manifest-driver', ManifestDriverFixture> {}

export interface Harnesses {
  store: StoreHarness
  manifest: ManifestHarness
  session: SessionHarness
  'manifest-driver': ManifestDriverHarness
}
export type AnyHarness = Harnesses[HarnessKind]

export interface Fixtures {
  store: StoreFixture
  manifest: ManifestFixture
  session: SessionFixture
  'manifest-driver': ManifestDriverFixture
}
export type FixtureOf<Kind extends HarnessKind> = Fixtures[Kind]
