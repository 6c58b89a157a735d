import { join } from 'node:path'
import { build } from 'esbuild'

/** What a browser loads. */
export interface Page {
  html: string
  script: string
  style: string
  /** What the page may load and run: its own script, and nothing that a message might bring. */
  policy: string
}

/** Bundles the page, in memory. */
export async function bundlePage(): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: ['main.tsx', 'page.css'].map(name => join(import.meta.dirname, 'page', name)),
    outdir: import.meta.dirname, // for the names of the two files, which are not written
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  const ending = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? ''
  return {
    html,
    script: ending('.js'),
    style: ending('.css'),
    policy: `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  }
}

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>A chat with attachments</title>
    <link rel="stylesheet" href="/page.css">
    <script type="module" src="/page.js"></script>
  </head>
  <body><div id="page"></div></body>
</html>
`
