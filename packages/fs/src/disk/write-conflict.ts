/**
 * Thrown inside when a write has lost its staged file or a folder that it needs: a removal of the same name took the file back,
 * somebody swept it, or somebody removed folders. Nothing is wrong: the write starts again.
 */
export class WriteConflict extends Error {
  constructor(cause: unknown) {
    super('the write was taken back', { cause })
  }
}
