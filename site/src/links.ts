import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { marked } from 'marked'
import { isDocument, root, targetOf } from './pages.ts'

/** Files that git knows or would know, below a folder. */
export function filesIn(folder: string): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', folder]
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' }).trim().split('\n')
}

/** The documents of the site that are kept in the repository. */
export function documents(): string[] {
  return filesIn('.').filter(file => isDocument(file) && !file.startsWith('site/'))
}

/** What a document links to, as it is written there. */
export function linksOf(file: string): string[] {
  const links: string[] = []
  marked.walkTokens(marked.lexer(readFileSync(root + file, 'utf8')), token => {
    if (token.type === 'link') links.push(token.href)
  })
  return links
}

/** What documents link to that is no document: the pages under `source/`. */
export function linkedSources(): string[] {
  const targets = documents().flatMap(file => linksOf(file).map(href => targetOf(file, href)?.file))
  return [...new Set(targets)].filter(file => file !== undefined && !isDocument(file)).sort() as string[]
}
