/** Fails with the error, when the source of the body has been told that nobody will read it. */
export function refuse(body: unknown, error: unknown): never {
  if (Symbol.asyncIterator in Object(body)) void stop(body, error)
  throw error
}

/** Tells a source that nobody reads it, or reads on; what it makes of that concerns nobody. Of a locked stream, another takes care. */
export async function stop(source: unknown, reason: unknown): Promise<void> {
  const told = source as Record<string, ((reason?: unknown) => unknown) | undefined>
  try {
    // An error given to `destroy` would want a listener.
    if (told.destroy) told.destroy()
    else await (told.cancel ?? told.return)?.call(source, reason)
  } catch {
    // Its put has failed already, and says why.
  }
}
