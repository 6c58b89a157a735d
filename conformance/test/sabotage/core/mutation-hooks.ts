import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { mutants, type Swap } from './mutants.ts'

/**
 * Lets one process load the project many times, each time with other changes to its source. A module imported with
 * `?mutant=<n>`, and every module of this repository that it imports, is loaded anew with the changes of the n-th
 * mutant.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context)
    const mutant = mutantOf(context.parentURL)
    if (mutant === undefined || !isOurs(resolved.url) || mutantOf(resolved.url) !== undefined) return resolved
    return { ...resolved, url: `${resolved.url}?mutant=${mutant}` }
  },
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const swaps = mutants[mutantOf(url) ?? -1]?.swaps ?? []
    const path = swaps.length === 0 ? '' : fileURLToPath(url.replace(/\?.*/, ''))
    const ofFile = swaps.filter(({ file }) => path.endsWith(file))
    return ofFile.length === 0 ? loaded : { ...loaded, source: ofFile.reduce(swapped, String(loaded.source)) }
  },
})

function mutantOf(url: string | undefined): number | undefined {
  const found = url === undefined ? undefined : /\?mutant=([0-9]+)/.exec(url)?.[1]
  return found === undefined ? undefined : Number(found)
}

function isOurs(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/')
}

function swapped(source: string, { file, part, other }: Swap): string {
  if (source.split(part).length !== 2) throw new Error(`${file} has not exactly one place with: ${part}`)
  return source.replace(part, () => other)
}
