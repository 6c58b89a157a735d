/**
 * What `await using` does, which the oldest Node that the packages run on does not know: uses a resource and disposes of it. When things go
 * wrong, disposing may fail as well; what went wrong first says more.
 */
export async function withResource<R extends AsyncDisposable, T>(
  resource: R,
  use: (resource: R) => Promise<T>,
): Promise<T> {
  let result: T
  try {
    result = await use(resource)
  } catch (error) {
    await Promise.resolve(resource[Symbol.asyncDispose]()).catch(() => {})
    throw error
  }
  await resource[Symbol.asyncDispose]()
  return result
}
