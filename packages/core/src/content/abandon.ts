/** Tells the source of a body that nobody will read it, and fails with the error. */
export function rejectBody(body: unknown, error: unknown): never {
  if (Symbol.asyncIterator in Object(body)) void abandon(body, error)
  throw error
}

/**
 * Tells a source that nobody reads it, or reads on. How it takes that concerns nobody: the call that reads it has
 * failed already, with its own error. A locked stream is left to whoever has locked it.
 */
export async function abandon(source: unknown, reason: unknown): Promise<void> {
  const told = source as Record<string, ((reason?: unknown) => unknown) | undefined>
  try {
    // An error given to `destroy` would need a listener.
    if (told.destroy) told.destroy()
    else await (told.cancel ?? told.return)?.call(source, reason)
  } catch {
    // See above.
  }
}
