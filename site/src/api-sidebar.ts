import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { root } from './pages.ts'

/** As typedoc-plugin-markdown writes it. */
interface ApiNode {
  title: string
  path?: string
  children?: ApiNode[]
}

/** By the path of a package: all entries, and what is in those of this package. Hundreds of names are too many. */
export function apiSidebar(): DefaultTheme.SidebarMulti {
  const entries: ApiNode[] = JSON.parse(readFileSync(join(root, 'site/api/navigation.json'), 'utf8'))
  const packages = new Set(entries.map(folderOf))
  const sidebarOf = (shown: string | undefined): DefaultTheme.SidebarItem[] => [
    { text: 'API', link: '/api/', items: entries.map(entry => itemOf(entry, folderOf(entry) === shown)) },
  ]
  const ofPackages = [...packages].map(folder => [`/api/${folder}/`, sidebarOf(folder)] as const)
  return Object.fromEntries([['/api/', sidebarOf(undefined)], ...ofPackages])
}

const folderOf = ({ path = '' }: ApiNode): string => path.split('/')[0] ?? ''

function itemOf({ title, path, children = [] }: ApiNode, open: boolean): DefaultTheme.SidebarItem {
  return {
    // Long names may break before a capital.
    text: title.replace('@lash/attachments-', '').replace(/(?<=[a-z])(?=[A-Z])/g, '<wbr>'),
    ...(path === undefined ? {} : { link: `/api/${path}` }),
    ...(open && children.length > 0 ? { collapsed: false, items: children.map(child => itemOf(child, true)) } : {}),
  }
}
