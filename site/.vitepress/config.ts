import { join, relative } from 'node:path'
import { slug } from 'github-slugger'
import { defineConfig } from 'vitepress'
import { apiSidebar } from '../src/api-sidebar.ts'
import { drawDiagram } from '../src/diagrams.ts'
import { linkOnSite, noPages, pageOf, root } from '../src/pages.ts'
import { sidebar } from '../src/sidebar.ts'

export default defineConfig({
  title: '@lash/attachments',
  description: 'Content-addressed attachment storage for TypeScript agent and chat runtimes',
  // No picture stands for the project; a browser would ask for one.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: root,
  srcExclude: [...noPages],
  outDir: join(root, 'site/dist'),
  cacheDir: join(root, 'site/node_modules/.cache/vitepress'),
  rewrites: pageOf,
  metaChunk: true,
  markdown: {
    // The same anchors as where the documents are read in the repository.
    anchor: { slugify: slug },
    config(markdown) {
      markdown.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
        // The index of the search knows the file by the other name.
        const from = relative(root, env.realPath ?? env.path)
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.type === 'link_open' && token.attrGet('href')
          if (href) token.attrSet('href', linkOnSite(from, href))
        }
      })
      // Documents are no templates: braces are text, in code as well.
      const render = markdown.renderer.render.bind(markdown.renderer)
      markdown.renderer.render = (...args) => render(...args).replaceAll('{{', '&#123;&#123;')
      const fence = markdown.renderer.rules.fence!
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const { info, content } = tokens[index]!
        return info.trim() === 'mermaid' ? drawDiagram(content) : fence(tokens, index, ...rest)
      }
    },
  },
  vite: {
    // The index of the search is one chunk. It loads with the first search.
    build: { chunkSizeWarningLimit: 4000 },
    plugins: [
      {
        // Documents lie outside of this package, where nobody finds its Vue; what is built for the server does.
        name: 'vue-of-this-package',
        enforce: 'pre',
        resolveId: (id, _from, { ssr }) => (ssr && /^vue(\/|$)/.test(id) ? { id, external: true } : undefined),
      },
    ],
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/docs/guides/getting-started' },
      { text: 'API', link: '/api/' },
      { text: 'Guarantees', link: '/docs/guarantees' },
    ],
    sidebar: { ...apiSidebar(), '/': sidebar },
    outline: [2, 3],
    search: { provider: 'local' },
  },
})
