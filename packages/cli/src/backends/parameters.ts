import { withoutCredentials } from '../output/errors.ts'
import { UsageError } from '../usage-error.ts'

/** @throws UsageError */
export function parsed(url: string): URL {
  const found = URL.parse(url)
  // The URL itself is not shown: of what cannot be parsed, nobody knows where a password stands.
  if (found === null) throw new UsageError(`this ${url.slice(0, url.indexOf(':') + 1)} URL has no valid form`)
  return found
}

/**
 * Takes our own parameters off the URL, so that the rest of it is for the backend's library.
 * @throws UsageError when one is given twice.
 */
export function takeParameters<Name extends string>(url: URL, names: readonly Name[]): { [name in Name]?: string } {
  const taken: { [name in Name]?: string } = {}
  for (const name of names) {
    const [value, ...more] = url.searchParams.getAll(name)
    if (more.length > 0) throw new UsageError(`${name} stands twice in ${withoutCredentials(url.href)}`)
    if (value !== undefined) taken[name] = value
    url.searchParams.delete(name)
  }
  return taken
}
