import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { rules } from './rules.ts'
import type { Change } from './source-change.ts'

/**
 * Lets one process load the project many times, each time with other changes to its source. A module imported with
 * `?mutant=<n>`, and every module of this repository that it imports, is loaded anew with the changes of the n-th rule.
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
  const changes = rules[mutant]?.off ?? []
  return changes.filter(({ file }) => path.endsWith(file)).reduce(applied, source)
}

/** In formatted source, the line that closes a function is indented as the line where its declaration begins. */
function applied(source: string, { file, name, change }: Change): string {
  const lines = source.split('\n')
  const declaration = new RegExp(`^( *)(?:(?:export|async|function|const) )*${name}(?: = (?:async )?)?(?=[(<]).*[({]$`)
  const found = lines.flatMap((line, index) => (declaration.test(line) ? index : []))
  const [start] = found
  if (start === undefined || found.length > 1) throw new Error(`${file} has ${found.length} functions called ${name}`)
  const indent = declaration.exec(lines[start] ?? '')?.[1] ?? ''
  const opening = lines.findIndex((line, index) => index >= start && line.endsWith('{') && line[indent.length] !== ' ')
  const closing = lines.indexOf(`${indent}}`, opening)
  const body = change(lines.slice(opening + 1, closing).join('\n'))
  return [...lines.slice(0, opening + 1), body, ...lines.slice(closing)].join('\n')
}
