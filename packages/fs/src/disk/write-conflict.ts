/**
 * Thrown inside the package when a write has lost its staged file, or a folder that it needs: a removal of the same
 * name has deleted the file, somebody has swept it, or somebody has removed folders. Nothing is wrong: the write starts
 * again.
 */
export class WriteConflict extends Error {
  constructor(cause: unknown) {
    super('the write has lost its staged file or a folder', { cause })
  }
}
