import { existsSync, readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * Which file of the repository is which page of the site. Markdown stays where it is, so that it reads well there too;
 * what a document links to that is no document (a source, a folder) is a page under `source/`, so that no link leads
 * out of the site or into nothing.
 */

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Globs of Markdown that is no page: what tests and templates need, and the logs of changes. */
export const noPages: readonly string[] = ['**/test/**', '**/template/**', '**/CHANGELOG.md', 'reports/**']

/** The path of a page, from the path of its Markdown: README files are the pages of their folders. */
export function pageOf(file: string): string {
  return file.replace(/^site\//, '').replace(/(^|\/)README\.md$/, '$1index.md')
}

export function isDocument(file: string): boolean {
  return file.endsWith('.md') && !noPages.some(glob => posix.matchesGlob(file, glob)) && !file.startsWith('.')
}

/** Where a link in the Markdown `from` leads, both as paths in the repository. `undefined` if it leaves it. */
export function targetOf(from: string, href: string): { file: string; hash: string } | undefined {
  if (/^([a-z]+:|\/|#)/i.test(href)) return undefined
  const [path = '', hash] = href.split('#')
  const file = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, '')
  const readme = posix.join(file, 'README.md')
  if (!existsSync(root + file)) throw new Error(`${from} links to ${href}, and there is no ${file}`)
  return { file: existsSync(root + readme) ? readme : file, hash: hash === undefined ? '' : `#${hash}` }
}

/** The same link on the site. */
export function linkOnSite(from: string, href: string): string {
  const target = targetOf(from, href)
  if (target === undefined) return href
  const { file, hash } = target
  return isDocument(file) ? `/${pageOf(file)}${hash}` : `/source/${file}.md`
}

/** A source as Markdown, or the names of what is in a folder. */
export function sourcePage(file: string, namesIn: (folder: string) => readonly string[]): string {
  const folder = statSync(root + file).isDirectory()
  const text = folder ? namesIn(file).join('\n') : readFileSync(root + file, 'utf8').trimEnd()
  const language = folder ? 'text' : posix.extname(file).slice(1) || 'text'
  return `# ${file}\n\n~~~~${language}\n${text}\n~~~~\n`
}

/** The first heading of a document. */
export function titleOf(file: string): string {
  return /^# (.*)$/m.exec(readFileSync(root + file, 'utf8'))?.[1] ?? file
}
