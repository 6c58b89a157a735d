import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ChatPage, startBrowser, startDemo } from './running.ts'

/*
 * Makes the pictures of the README anew:
 *
 *     npx -y pnpm@12 exec node examples/chat/test/make-screenshots.ts
 */

const files = join(import.meta.dirname, '..', '..', 'quickstart', 'files')
const picture = (name: string) => join(import.meta.dirname, '..', 'screenshots', name)
const [server, browser] = await Promise.all([startDemo(), startBrowser()])
try {
  const context = await browser.newContext({ viewport: { width: 960, height: 680 }, colorScheme: 'light' })
  const chat = new ChatPage(await context.newPage())
  await chat.open(server.url)
  await chat.pick([join(files, 'evening-lake.png'), join(files, 'weather.csv'), join(files, 'letter.pdf')])
  for (const name of ['evening-lake.png', 'weather.csv', 'letter.pdf']) await chat.chip(name)
  await chat.send('What do you make of these?', 'letter.pdf')
  await chat.page.screenshot({ path: picture('chat-light.png') })

  await chat.page.emulateMedia({ colorScheme: 'dark' })
  await chat.send('Draw the same lake, in another light.', 'in another light (image/png')
  await chat.pick([join(files, 'morning-hills.jpeg')])
  await chat.chip('morning-hills.jpeg')
  const film = join(server.folder, 'film.mp4')
  await writeFile(film, '')
  await truncate(film, 40e6)
  const devtools = await context.newCDPSession(chat.page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 8e6,
  })
  await chat.pick(film)
  await chat.page.evaluate(`new Promise(resolve => {
    const look = () => (document.querySelector('progress')?.position > 0.4 ? resolve() : requestAnimationFrame(look))
    look()
  })`)
  await chat.page.screenshot({ path: picture('chat-dark.png') })
} finally {
  await browser.close()
  await server.stop()
}
