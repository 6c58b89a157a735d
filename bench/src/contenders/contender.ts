import type { Operation } from '../measure/cell.ts'

/** One way to keep bytes: this project, a peer, or the raw calls that nobody can beat. */
export interface Contender {
  readonly name: string
  /**
   * A variant is ours in another setting, and bare are the raw calls that ours is made of: both are shown, not
   * compared.
   */
  readonly role: 'ours' | 'variant' | 'bare' | 'peer' | 'floor'
  /** What a put that has resolved survives. `file`: the file is synced, its name is not. */
  readonly durability: Durability
  /** Whether a reader can see half a write. */
  readonly atomic: boolean
  /** Whether what is read is compared with its digest. */
  readonly verifies?: boolean
  /** What it is measured in; everything but forks, when absent. */
  readonly operations?: readonly Operation[]
  /** Opens it fresh, in a folder of its own. */
  open(setting: Setting): Promise<OpenContender>
}

export const durabilities = ['none', 'process', 'file', 'power cut'] as const
export type Durability = (typeof durabilities)[number]

export interface Setting {
  /** An empty folder. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

export interface OpenContender {
  /** Stores bytes that were never stored before. */
  put(bytes: Buffer): Promise<string>
  get?(key: string): Promise<Uint8Array>
  /** As `get`, where that verifies. */
  getUnverified?(key: string): Promise<Uint8Array>
  /** Streams in, out; for the cells of big bodies. */
  putStream?(body: AsyncIterable<Uint8Array>): Promise<string>
  getStream?(key: string): Promise<AsyncIterable<Uint8Array>>
  /** Puts the bodies into a chat and commits them. Gives what forks the chat. */
  chat?(bodies: Iterable<Buffer>): Promise<() => Promise<void>>
  close(): Promise<void>
}
