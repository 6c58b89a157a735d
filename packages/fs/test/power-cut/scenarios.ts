/** What the recorded process does; see writer.ts. */
export type Scenario =
  | 'first'
  | 'streamed'
  | 'put again after a delete'
  | 'found, not synced'
  | 'many at once'
  | 'swept after a killed removal'
  | 'removed without room'
  | 'put again after a sync has failed'

/**
 * What a store does that is stopped, what another does meanwhile, and how the first goes on; see stopped-task.ts. To
 * heal is to put bytes that stand there without their sidecar.
 */
export type Task = 'put' | 'remove' | 'heal'
export type Others = 'put' | 'remove' | 'remove, put' | 'put, remove'
export type Ending = 'goes on' | 'fails to sync' | 'is aborted'

export const meta = { mediaType: 'text/plain', label: 'a name' }

export const body: Uint8Array = new TextEncoder().encode('what must not be lost')

/** Big enough to be spooled. */
export const streamedBody: Uint8Array<ArrayBuffer> = new Uint8Array(1_100_000).map((_byte, index) => index % 251)
