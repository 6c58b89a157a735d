import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A change to one file of the source. */
export interface FileChange {
  /** The end of the file's path. */
  readonly file: string
  readonly applied: (source: string) => string
}

/**
 * Lets one process load the project many times, each time with other changes to its source. A module imported with
 * `?mutant=<n>`, and every module of this repository that it imports, is loaded anew with the changes of the n-th
 * mutant.
 */
export function registerMutants(changesOf: (mutant: number) => readonly FileChange[]): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      const mutant = mutantOf(context.parentURL)
      if (mutant === undefined || !isOurs(resolved.url) || mutantOf(resolved.url) !== undefined) return resolved
      return { ...resolved, url: `${resolved.url}?mutant=${mutant}` }
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const mutant = mutantOf(url)
      if (mutant === undefined || loaded.source === undefined) return loaded
      const path = fileURLToPath(url.replace(/\?.*/, ''))
      const changes = changesOf(Number(mutant)).filter(({ file }) => path.endsWith(file))
      return { ...loaded, source: changes.reduce((source, { applied }) => applied(source), String(loaded.source)) }
    },
  })
}

function mutantOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : /\?mutant=([0-9]+)/.exec(url)?.[1]
}

function isOurs(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/')
}

/** @throws Error unless the part stands there exactly once. */
export function swapped(where: string, source: string, part: string, other: string): string {
  if (source.split(part).length !== 2) throw new Error(`${where} has not exactly one place with: ${part}`)
  return source.replace(part, () => other)
}
