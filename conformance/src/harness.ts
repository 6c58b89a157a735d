import type { AttachmentId, AttachmentManifest, AttachmentRef, AttachmentStore } from '@lash/attachments-core'

/** Ways to damage what a store holds, behind its back. */
export type Damage =
  /** One bit of the bytes is another. */
  | 'flip'
  /** The last byte or more is gone. */
  | 'truncate'
  /** Bytes were added at the end. */
  | 'extend'
  /** Nothing is left of the bytes; their name is still there. */
  | 'empty'
  /** The bytes are there and their metadata is not. */
  | 'drop-metadata'
  /** The metadata is there and cannot be understood. */
  | 'damage-metadata'

/** What a backend can do, or a harness can do to it. A case applies when the harness has all that it requires. */
export type Capability =
  // Of a store.
  /** `put`, `get`, `stat` and `delete` take `generation`. Not of a session-scoped store, whose manifest gives it. */
  | 'generations'
  /** `get` and `stat` give the metadata of the first put. Not of a session-scoped store, where it is the session's own. */
  | 'metadata-of-first-put'
  /** Holds bytes and nothing else: `pendingManifestCommitIds` is always empty. */
  | 'plain'
  /** `create({ maxByteLength })` is honoured. */
  | 'size-limit'
  /** `stream` reads the blob piece by piece. Not of a store that hands out copies of what is in memory anyway. */
  | 'incremental-reads'
  /** The fixture can say what is staged, and leave behind what a killed writer would. */
  | 'staging'
  /** `fixture.corrupt` does this damage. */
  | `damage:${Damage}`
  /** `fixture.deny` takes away the right to read and write what is there. */
  | 'deny'
  /** `fixture.disconnect` makes the backend unreachable. */
  | 'disconnect'
  /** `fixture.stall` keeps the backend from answering. */
  | 'stall'
  /** `fixture.injected` tells whether a handle or pool given to the store is still open. */
  | 'injected'
  // Of a manifest.
  /** `fixture.begin` opens the host's own transaction, which commits of refs can join. */
  | 'transaction'
  /** `fixture.setClock` sets the manifest's own clock. */
  | 'clock'
  // Of all.
  /** What was put survives the process and a power cut. */
  | 'durable'
  /** `fixture.reopen` gives another instance over the same data, at the same time as the first. */
  | 'reopen'
  /** `fixture.child` says how another process opens the same data. */
  | 'child'

export type HarnessKind = 'store' | 'manifest' | 'session'

/** Any value that `JSON.stringify` keeps. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/**
 * How another process opens what a fixture holds. `module` is the URL (or path) of an ES module that exports
 * `open(options)`, which gives the same kind of thing as the fixture: a store, a manifest, or both as `{ store, manifest }`.
 * Give a module that plain `node` can load.
 */
export interface ChildModule {
  readonly module: string
  readonly options: Json
}

/** What every fixture has. A fixture is one fresh, empty, isolated store or manifest, and what the harness can do to it. */
export interface Fixture {
  readonly child?: ChildModule
  /** Closes what `create` opened and removes its data. Called once, after the case; the case may have closed the store already. */
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
    /** Leaves what a writer of these bytes leaves that was killed halfway, however the backend stages. */
    plant(id: AttachmentId, bytes: Uint8Array): Promise<void>
  }
  /** Takes away the right to read and write what is there; the function that it gives restores it. */
  deny?(): Promise<() => Promise<void>>
  /** Makes the backend unreachable; the function that it gives restores it. */
  disconnect?(): Promise<() => Promise<void>>
  /** Keeps the backend from answering, without closing anything; the function that it gives restores it. */
  stall?(): Promise<() => Promise<void>>
  /** Secrets that must not be in any message. */
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

/** The host's own open transaction. Call `commit` or `rollback`, once. */
export interface HostTransaction {
  /** The manifest's `commitRefs` inside the transaction, in whatever form it has. */
  commitRefs(sessionId: string, refs: readonly (AttachmentRef | AttachmentId)[]): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
}

export interface ManifestFixture extends Fixture {
  readonly manifest: AttachmentManifest
  /** Another instance over the same data. The kit closes it. */
  reopen?(): Promise<AttachmentManifest>
  /** Opens a transaction of the host in the manifest's database. */
  begin?(): Promise<HostTransaction>
  /** From now on, the manifest's clock shows this time, in milliseconds since 1970. */
  setClock?(epochMs: number): void
}

/** A store and a manifest that belong together. */
export interface AttachmentPair {
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
}

export interface SessionFixture extends Fixture, AttachmentPair {
  /** Other instances over the same data. The kit closes them. */
  reopen?(): Promise<AttachmentPair>
  /** Opens a transaction of the host in the manifest's database. */
  begin?(): Promise<HostTransaction>
  /** From now on, the manifest's clock shows this time, in milliseconds since 1970. */
  setClock?(epochMs: number): void
}

/** What every harness has. */
export interface Harness<Kind extends HarnessKind, F extends Fixture, Options = undefined> {
  readonly kind: Kind
  /** Of the backend, for the report: `fs`, `sqlite (compact)`. */
  readonly name: string
  readonly capabilities: readonly Capability[]
  /** Why the backend has not some capability, for the report. */
  readonly lacks?: Partial<Record<Capability, string>>
  /** Cases (by id) that are known to fail, and why. They are run and must still fail. */
  readonly knownFailures?: Readonly<Record<string, string>>
  /** How long one case may take, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
  /** A fresh, empty, isolated fixture: its own folder, schema, prefix or database. Called many times, also concurrently. Never wipes anything. */
  create(options?: Options): Promise<F>
  /** Removes what is left of everything, such as a common parent folder. Called once, at the end. */
  cleanup(): Promise<void>
}

export interface StoreHarness extends Harness<'store', StoreFixture, StoreOptions> {}
export interface ManifestHarness extends Harness<'manifest', ManifestFixture> {}
/** Store x manifest. */
export interface SessionHarness extends Harness<'session', SessionFixture> {}

export interface Harnesses {
  store: StoreHarness
  manifest: ManifestHarness
  session: SessionHarness
}
export type AnyHarness = Harnesses[HarnessKind]

export interface Fixtures {
  store: StoreFixture
  manifest: ManifestFixture
  session: SessionFixture
}
export type FixtureOf<Kind extends HarnessKind> = Fixtures[Kind]
