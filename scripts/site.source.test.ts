import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documents, linksOf } from '../site/src/links.ts'
import { isDocument, linkOnSite, pageOf, targetOf } from '../site/src/pages.ts'
import { sidebar } from '../site/src/sidebar.ts'
import { root } from './step.ts'

/** What can be said of the docs site without building it. remark looks at the headings that links name. */
const all = documents()

test('every link of a document leads to a page of the site, or to what is in the repository', () => {
  const dead = all.flatMap(file =>
    linksOf(file)
      .filter(href => leadsNowhere(file, href))
      .map(href => `${file}: ${href}`),
  )
  expect(dead).toEqual([])
})

test('the sidebar or a page that it names leads to every document', () => {
  const named = new Set(linksIn(sidebar))
  const fromNamed = all
    .filter(file => named.has(`/${pageOf(file)}`))
    .flatMap(file => linksOf(file).map(href => linkOnSite(file, href)))
  const reached = new Set([...named, ...fromNamed])
  expect(all.filter(file => !reached.has(`/${pageOf(file)}`))).toEqual([])
})

test('the README names every guide, in the order of the sidebar', () => {
  expect(linksOf('README.md')).toEqual(expect.arrayContaining(globSync('docs/guides/*.md', { cwd: root })))
})

test('links lead to pages of documents, pages of sources, and out', () => {
  expect(linkOnSite('docs/map.md', '../README.md')).toBe('/index.md')
  expect(linkOnSite('README.md', 'packages/core')).toBe('/packages/core/index.md')
  expect(linkOnSite('docs/adr/README.md', '0001-generations.md#decision')).toBe(
    '/docs/adr/0001-generations.md#decision',
  )
  expect(linkOnSite('README.md', 'LICENSE')).toBe('/source/LICENSE.md')
  expect(linkOnSite('README.md', 'https://example.com')).toBe('https://example.com')
  expect(linkOnSite('README.md', '#options')).toBe('#options')
  expect(() => linkOnSite('README.md', 'docs/none.md')).toThrow('there is no docs/none.md')
})

function leadsNowhere(file: string, href: string): boolean {
  const target = targetOf(file, href)?.file
  return target?.endsWith('.md') === true && isDocument(target) && !all.includes(target)
}

function linksIn(items: typeof sidebar): (string | undefined)[] {
  return items.flatMap(({ link, items = [] }) => [link, ...linksIn(items)])
}
