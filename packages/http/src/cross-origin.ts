import { HttpProblem } from './problem.ts'

/**
 * Refuses what a page of another origin sends with the cookies of its visitor (CSRF). A browser says in
 * `Sec-Fetch-Site` where a request comes from. An older one says `Origin`; its host is compared, not its scheme, since
 * behind a proxy that ends TLS the URL has another one. What has neither header is not sent by a page.
 */
export function checkOrigin(request: Request, trustedOrigins: readonly string[]): void {
  const origin = request.headers.get('Origin')
  if (origin !== null && trustedOrigins.includes(origin)) return
  const site = request.headers.get('Sec-Fetch-Site')
  if (site === 'same-origin' || site === 'none') return
  if (site === null && (origin === null || URL.parse(origin)?.host === new URL(request.url).host)) return
  throw new HttpProblem(403, 'cross_origin', 'pages of other origins may not do this')
}
