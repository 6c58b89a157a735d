import { fileURLToPath } from 'node:url'
import { build, createServer } from 'vitepress'
import { writeApi } from './api.ts'
import { deadLinks } from './built-links.ts'

/* Builds the site into `site/dist`, or with `dev` serves it and follows changes of Markdown. */

const site = fileURLToPath(new URL('..', import.meta.url))

await writeApi()
if (process.argv[2] === 'dev') {
  const server = await createServer(site)
  await server.listen()
  server.printUrls()
} else {
  await build(site)
  const dead = deadLinks()
  for (const link of dead) console.error(`dead link in ${link}`)
  if (dead.length > 0) process.exitCode = 1
}
