import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { rules } from './rules.ts'

/**
 * Lets one process load the project many times over, each time with other changes to its source: what is imported with `?mutant=<n>`, and
 * all of this repository that it imports in turn, is loaded afresh with the changes of the n-th rule.
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
    const mutant = mutantOf(url)
    if (mutant === undefined || loaded.source === undefined) return loaded
    return { ...loaded, source: mutated(fileURLToPath(url.replace(/\?.*/, '')), String(loaded.source), Number(mutant)) }
  },
})

function mutantOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : /\?mutant=([0-9]+)/.exec(url)?.[1]
}

function isOurs(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/')
}

function mutated(path: string, source: string, mutant: number): string {
  let text = source
  for (const { file, find, replace } of rules[mutant]?.off ?? []) {
    if (!path.endsWith(file)) continue
    if (text.split(find).length !== 2) throw new Error(`the source of ${file} has not exactly one place with: ${find}`)
    text = text.replace(find, () => replace)
  }
  return text
}
