import type { AttachmentId } from '../content/id.ts'
import type { AttachmentKey } from '../store/driver.ts'

/** How far a run has come. */
export interface MaintenanceProgress {
  /** How many have been looked at: copies in a store, contents in a manifest. */
  count: number
  /** Their length together, in bytes. */
  byteLength: number
  /** How many there are, where that is known before the end. */
  totalCount?: number
  /** The length of all together in bytes, where that is known before the end. */
  totalByteLength?: number
  /** Of a run over a store: everything up to this copy, in the order of ids and generations, has been looked at. */
  upTo?: AttachmentKey
  /**
   * Of a run over a store: how much has been looked at, from 0 to 1. An estimate by `upTo`, since ids are spread
   * evenly; a run that went on after another one counts what the other has done too.
   */
  share?: number
  /** Of a run over a store: what has failed so far. A run that is stopped has no report but this. */
  failures?: readonly MaintenanceFailure[]
}

/** One copy that could not be copied or read. */
export interface MaintenanceFailure {
  id: AttachmentId
  generation: number
  error: unknown
}
