import { globSync } from 'node:fs'
import { posix } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { linksOf } from './links.ts'
import { linkOnSite, root, titleOf } from './pages.ts'

type Item = DefaultTheme.SidebarItem

const item = (file: string, text = titleOf(file)): Item => ({ text, link: linkOnSite('README.md', file) })

/** In the order in which the README names them. */
const guides = linksOf('README.md').filter(href => href.startsWith('docs/guides/'))
const packages = globSync('packages/*/README.md', { cwd: root }).sort()
const records = globSync('docs/adr/[0-9]*.md', { cwd: root }).sort()

export const sidebar: Item[] = [
  {
    text: 'Guides',
    items: [item('README.md', 'Overview'), ...[...new Set(guides)].map(file => item(file)), item('examples/README.md')],
  },
  {
    text: 'Packages',
    items: [...packages, 'conformance/README.md'].map(file => item(file, posix.basename(posix.dirname(file)))),
  },
  {
    text: 'Reference',
    items: [
      ...['docs/guarantees.md', 'docs/glossary.md', 'bench/README.md'].map(file => item(file)),
      { ...item('docs/adr/README.md'), collapsed: true, items: records.map(file => item(file)) },
    ],
  },
  {
    text: 'Contribute',
    items: ['CONTRIBUTING.md', 'docs/map.md', ...globSync('examples/*/README.md', { cwd: root }).sort()].map(file =>
      item(file),
    ),
  },
]
