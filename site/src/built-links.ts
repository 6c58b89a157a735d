import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { root } from './pages.ts'

const dist = join(root, 'site/dist')

/** Links of the built site that lead to no page, or to no place in one. VitePress itself looks at pages alone. */
export function deadLinks(): string[] {
  const pages = new Map(
    globSync('**/*.html', { cwd: dist }).map(page => [page, readFileSync(join(dist, page), 'utf8')]),
  )
  const places = new Map([...pages].map(([page, html]) => [page, new Set(attributes(html, '[a-z0-9]+', 'id'))]))
  return [...pages].flatMap(([page, html]) =>
    attributes(html, 'a', 'href')
      .filter(href => !/^[a-z]+:/.test(href))
      .filter(href => {
        const [path = '', place = ''] = href.split('#')
        const to = path === '' ? page : posix.join(path.startsWith('/') ? '' : posix.dirname(page), path)
        const found = places.get(to.replace(/^\//, '').replace(/(^|\/)$/, '$1index.html'))
        return found === undefined || (place !== '' && !found.has(decodeURIComponent(place)))
      })
      .map(href => `${page}: ${href}`),
  )
}

/** What is text in a page has no `<`. */
function attributes(html: string, element: string, name: string): string[] {
  const found = html.matchAll(new RegExp(`<${element}\\b[^>]*?\\s${name}="([^"]*)"`, 'g'))
  return [...found].map(([, value = '']) => value.replaceAll('&amp;', '&'))
}
