import { registerMutants } from '../mutants/mutation-hooks.ts'
import { rules } from './rules.ts'
import type { Change } from './source-change.ts'

registerMutants(mutant =>
  (rules[mutant]?.off ?? []).map(change => ({ file: change.file, applied: source => changed(source, change) })),
)

/** In formatted source, the line that closes a function is indented as the line where its declaration begins. */
function changed(source: string, { file, name, change }: Change): string {
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
