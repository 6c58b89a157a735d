import { Marked } from 'marked'

/** The Markdown of a report as one page without anything to load. */
export function reportToHtml(markdown: string): string {
  // What backends are called and say is text.
  const renderer = { html: ({ text }: { text: string }) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;') }
  const body = new Marked({ gfm: true, renderer }).parse(markdown, { async: false })
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conformance</title>
<style>
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
  body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem }
  table { border-collapse: collapse; display: block; overflow-x: auto }
  th, td { border-bottom: 1px solid #8884; padding: .25rem .75rem; text-align: left; white-space: nowrap }
  th { font-weight: 600 }
  [align=right] { text-align: right }
  [align=center] { text-align: center }
  h2 { margin-top: 2.5rem }
</style>
${body}</html>
`
}
