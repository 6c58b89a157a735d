/** One way to keep bytes: this project, a peer, or the raw calls that nobody can beat. */
export interface Contender {
  readonly name: string
  readonly role: 'ours' | 'peer' | 'floor'
  /** What a put that has resolved survives. A cell compares only with equal or weaker durability. */
  readonly durability: 'none' | 'process' | 'power cut'
  /** Whether a reader can see half a write. */
  readonly atomic: boolean
  /** Opens it fresh, in a folder of its own. */
  open(setting: Setting): Promise<OpenContender>
}

export interface Setting {
  /** An empty folder. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

export interface OpenContender {
  /** Stores bytes that were never stored before. */
  put(bytes: Buffer): Promise<string>
  get?(key: string): Promise<Uint8Array>
  /** Streams in, out; for the cells of big bodies. */
  putStream?(body: AsyncIterable<Uint8Array>): Promise<string>
  getStream?(key: string): Promise<AsyncIterable<Uint8Array>>
  close(): Promise<void>
}
