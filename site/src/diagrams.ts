import { renderMermaidSVG } from 'beautiful-mermaid'

/** In the colours of the page, light or dark. */
const colors = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  line: 'var(--vp-c-text-2)',
  muted: 'var(--vp-c-text-1)',
  accent: 'var(--vp-c-brand-1)',
  transparent: true,
}

/** A Mermaid diagram as a picture in the page, drawn now, so that no reader loads what draws it. */
export function drawDiagram(code: string): string {
  // The page has the same font, and loads nothing from elsewhere.
  const svg = renderMermaidSVG(code, colors).replace(/@import url\([^)]*\);/, '')
  // As data, since a template of Vue may have no <style>.
  const asText = JSON.stringify(svg).replaceAll('&', '&amp;').replaceAll("'", '&#39;')
  return `<div class="diagram" v-html='${asText}'></div>\n`
}
