import { randomBytes } from 'node:crypto'
import { readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page, Response } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ChatPage, type RunningChat, startBrowser, startDemo, whyNoBrowser } from './running.ts'

const files = join(import.meta.dirname, '..', '..', 'quickstart', 'files')
const lake = join(files, 'evening-lake.png')
const reason = whyNoBrowser()
if (reason !== undefined) console.log(`${reason}; skipped`)

describe.skipIf(reason !== undefined)('the chat in a browser', () => {
  let server: RunningChat
  let browser: Browser

  beforeAll(async () => {
    ;[server, browser] = await Promise.all([startDemo(), startBrowser()])
  })

  afterAll(async () => {
    await browser?.close()
    const stopped = await server?.stop()
    expect(stopped).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Stopped.') })
  })

  /** A person with a browser, and a chat of theirs. */
  async function aPerson(): Promise<ChatPage> {
    const context = await browser.newContext({ acceptDownloads: true })
    context.setDefaultTimeout(60_000) // other tests may be at work on the same cores
    onTestFinished(() => context.close())
    const chat = new ChatPage(await context.newPage())
    const errors: Error[] = []
    chat.page.on('pageerror', error => errors.push(error))
    onTestFinished(() => expect(errors).toEqual([]))
    await chat.open(server.url)
    return chat
  }

  const urlOfFirst = (page: Page, selector: string, attribute: string) =>
    page.locator(selector).first().getAttribute(attribute) as Promise<string>

  test('what is picked is sent, shown, given to the model, and there again after a reload', async () => {
    const chat = await aPerson()
    await chat.pick([lake, join(files, 'weather.csv')])
    await chat.chip('evening-lake.png')
    await chat.chip('weather.csv')
    await chat.send('What are these?', 'evening-lake.png (image/png, 17.4 kB). Named, but not given: weather.csv')
    await chat.send('Draw a lake in the evening', 'The tool gave me a lake in the evening (image/png')
    await chat.pick(join(files, 'letter.pdf'))
    await chat.chip('letter.pdf')

    const shown = await chat.page.locator('.messages').textContent()
    expect(await chat.pictures()).toEqual([expect.any(Number), 480])
    await chat.reload()
    expect(await chat.page.locator('.messages').textContent()).toBe(shown)
    expect(await chat.pictures()).toEqual([360, 480])
    await chat.chip('letter.pdf')
    // The log has refs in it: the pictures alone are thirty times as big.
    expect(await chat.sizes()).toMatch(/^log 1\.\d kB, attachments [4-9]\d(\.\d)? kB$/)
  })

  test('200 MB go up with a progress bar, and down again, through less than 300 MiB of memory', {
    timeout: 120_000,
  }, async () => {
    const chat = await aPerson()
    const film = join(server.folder, 'film.bin')
    await writeFile(film, randomBytes(1000))
    await truncate(film, 200e6)
    await chat.page.evaluate(`
      window.seen = []
      const look = () => {
        const bar = document.querySelector('progress')
        if (bar) window.seen.push(bar.value / bar.max)
        requestAnimationFrame(look)
      }
      look()
    `)
    await chat.pick(film)
    await chat.chip('film.bin')
    const seen = (await chat.page.evaluate('window.seen')) as number[]
    expect(seen.some(part => part > 0 && part < 1)).toBe(true)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    await chat.send('A film', 'Named, but not given: film.bin')
    expect(await chat.sizes()).toContain('attachments 200 MB')

    const downloading = chat.page.waitForEvent('download')
    await chat.page.getByRole('link', { name: 'film.bin' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toBe('film.bin')
    expect((await stat(await download.path())).size).toBe(200e6)
    expect(await server.peakMemory()).toBeLessThan(300 * 2 ** 20)
  })

  test('what is dropped and what is pasted becomes a chip, and a chip can be removed', async () => {
    const chat = await aPerson()
    const dropped = `what's (ünd) "dropped"*.txt`
    const data = (name: string) => `
      const data = new DataTransfer()
      data.items.add(new File(['words', ${JSON.stringify(name)}], ${JSON.stringify(name)}, { type: 'text/plain' }))
    `
    await chat.page.evaluate(`{
      ${data(dropped)}
      const main = document.querySelector('main')
      main.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }))
      main.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    }`)
    await chat.chip(dropped)
    await chat.page.evaluate(`{
      ${data('pasted.txt')}
      const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      document.querySelector('textarea').dispatchEvent(paste)
    }`)
    await chat.chip('pasted.txt')

    const removed = chat.page.waitForResponse(response => response.request().method() === 'DELETE')
    await chat.page.getByRole('button', { name: 'Remove pasted.txt' }).click()
    expect((await removed).status()).toBe(204)
    await chat.reload()
    await chat.chip(dropped) // with the name that the server was told
    expect(await chat.page.locator('.chip').count()).toBe(1)
  })

  test('a file over the limit is refused on its chip', async () => {
    const chat = await aPerson()
    const film = join(server.folder, 'long-film.bin')
    await writeFile(film, '')
    await truncate(film, 301e6)
    await chat.pick(film)
    const failed = chat.page.locator('.chip.failed', { hasText: 'long-film.bin' })
    await failed.getByText('at most 300000000 bytes').waitFor()
    await chat.reload()
    expect(await chat.page.locator('.chip').count()).toBe(0)
  })

  test('a recording seeks by range', async () => {
    const chat = await aPerson()
    const tone = join(server.folder, 'tone.wav')
    await writeFile(tone, longWave(40_000_000))
    await chat.pick(tone)
    await chat.chip('tone.wav')
    await chat.send('Listen', 'tone.wav')
    const partial: Response[] = []
    chat.page.on('response', response => response.status() === 206 && partial.push(response))
    await chat.page.evaluate(`new Promise((resolve, reject) => {
      const player = document.querySelector('audio')
      player.onerror = () => reject(player.error)
      player.onseeked = resolve
      const seek = () => { player.currentTime = player.duration * 0.9 }
      if (player.readyState >= 1) seek()
      else player.onloadedmetadata = seek
    })`)
    const starts = partial.map(response => Number(/bytes=(\d+)-/.exec(response.request().headers().range ?? '')?.[1]))
    expect(Math.max(...starts)).toBeGreaterThan(30_000_000)
  })

  test('uploaded HTML and SVG do not run, wherever they are opened', async () => {
    const chat = await aPerson()
    const script = 'top.ran?.push(document.contentType)'
    const hostile = {
      'page.html': ['text/html', `<!doctype html><title>x</title><script>${script}</script>`],
      'image.svg': ['image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg"><script>${script}</script></svg>`],
      'page.xhtml': [
        'application/xhtml+xml',
        `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title><script>${script}</script></head></html>`,
      ],
    } as const
    await chat.pick(
      Object.entries(hostile).map(([name, [mimeType, text]]) => ({ name, mimeType, buffer: Buffer.from(text) })),
    )
    for (const name of Object.keys(hostile)) await chat.chip(name)
    await chat.send('Open these', 'Named, but not given: page.html, image.svg, page.xhtml')
    expect(await chat.page.locator('.message img').count()).toBe(0)

    for (const name of Object.keys(hostile)) {
      // Opened by itself it is saved, and nothing is shown.
      const link = await urlOfFirst(chat.page, `.file:has-text("${name}")`, 'href')
      const other = await chat.page.context().newPage()
      const downloading = other.waitForEvent('download')
      await other.goto(`${server.url}${link}`).catch(() => undefined)
      expect((await downloading).suggestedFilename()).toBe(name)
      await other.close()
    }

    // Embedded in a page of the same origin that allows everything: either header alone would keep them from it.
    const links = (await chat.page.evaluate(
      `[...document.querySelectorAll('.file')].map(link => link.href)`,
    )) as string[]
    const [asAttachment, policy] = ['content-disposition', 'content-security-policy']
    for (const without of [[], [asAttachment], [policy]]) expect(await ranEmbedded(chat, links, without)).toEqual([])
    const all = Object.values(hostile).map(([mediaType]) => mediaType)
    expect(new Set(await ranEmbedded(chat, links, [asAttachment, policy]))).toEqual(new Set(all))
  })

  /** Documents of which a script ran, by type, in a page that embeds all links; their answers lack the headers. */
  async function ranEmbedded(chat: ChatPage, links: string[], without: string[]): Promise<string[]> {
    const page = await chat.page.context().newPage()
    await page.route('**/attachments/**', async route => {
      const response = await route.fetch()
      const headers = Object.entries(response.headers()).filter(([name]) => !without.includes(name))
      await route.fulfill({ response, headers: Object.fromEntries(headers) })
    })
    const tags = links.map(
      link => `<iframe src="${link}"></iframe><object data="${link}"></object><embed src="${link}">`,
    )
    // This script runs, after the others have had their chance.
    const last = `<iframe srcdoc="<script>top.isOver = true</script>"></iframe>`
    const body = `<!doctype html><script>var ran = []</script>${tags.join('')}`
    await page.route('**/embedding.html', route => route.fulfill({ contentType: 'text/html', body }))
    await page.goto(`${server.url}/embedding.html`)
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(last)})`)
    await page.waitForFunction('window.isOver')
    const ran = (await page.evaluate('window.ran')) as string[]
    await page.close()
    return ran
  }

  test('a message is deleted, and the others stay', async () => {
    const chat = await aPerson()
    await chat.pick(lake)
    await chat.chip('evening-lake.png')
    await chat.send('One', 'evening-lake.png')
    await chat.send('Draw hills', 'hills')
    await chat.page.locator('.message.user').first().hover()
    await chat.page.locator('.message.user').first().getByRole('button', { name: 'Delete' }).click()
    await chat.page.locator('.message', { hasText: 'One' }).waitFor({ state: 'detached' })
    await chat.reload()
    expect(await chat.pictures()).toEqual([480])
    expect(await chat.page.locator('.message').count()).toBe(3)
  })

  test('a fork outlives its original; when nobody has a file any more, a sweep takes it from the disk', async () => {
    const chat = await aPerson()
    const words = Buffer.from(`known to nobody else: ${randomBytes(8).toString('hex')}`)
    await chat.pick([{ name: 'note.txt', mimeType: 'text/plain', buffer: words }])
    await chat.chip('note.txt')
    await chat.send('A note', 'note.txt')
    await chat.send('Draw a house on the moon', 'a house on the moon')
    const note = await urlOfFirst(chat.page, '.file', 'href')
    const original = chat.page.url()
    await chat.page.getByRole('button', { name: 'Fork' }).click()
    await chat.page.waitForURL(url => url.href !== original)
    const fork = chat.page.url()
    await chat.reload()
    await chat.pick(join(files, 'letter.pdf'))
    await chat.chip('letter.pdf')

    await chat.open(original)
    await chat.delete()
    await server.sweep()
    expect((await chat.page.request.get(`${server.url}${note}`)).status()).toBe(404)
    await chat.open(fork)
    await chat.chip('letter.pdf')
    expect(await chat.pictures()).toEqual([480])
    const kept = await chat.page.request.get(`${server.url}${await urlOfFirst(chat.page, '.file', 'href')}`)
    expect(await kept.text()).toBe(words.toString())

    const id = /[0-9a-f]{64}/.exec(note)?.[0] as string
    const filesOf = async () =>
      (await readdir(join(server.folder, 'attachments'), { recursive: true })).filter(path => path.includes(id))
    expect(await filesOf()).toHaveLength(2)
    await chat.delete()
    await server.sweep()
    expect(await filesOf()).toEqual([])
  })

  test('who has another cookie finds nothing', async () => {
    const [chat, stranger] = [await aPerson(), await aPerson()]
    await chat.pick(lake)
    await chat.chip('evening-lake.png')
    await chat.send('Mine', 'evening-lake.png')
    const picture = await urlOfFirst(chat.page, '.message img', 'src')
    const id = new URL(chat.page.url()).pathname.split('/')[2] as string
    const { request } = stranger.page.context()
    const headers = { origin: server.url }
    expect((await chat.page.context().request.get(`${server.url}${picture}`)).status()).toBe(200)
    const asked = await Promise.all([
      request.get(`${server.url}${picture}`),
      request.delete(`${server.url}${picture}`),
      request.post(`${server.url}/attachments?chat=${id}`, { data: 'x' }),
      request.get(chat.page.url()),
      request.get(`${server.url}/api/chats/${id}`),
      request.delete(`${server.url}/api/chats/${id}`, { headers }),
      request.post(`${server.url}/api/chats/${id}/fork`, { headers }),
    ])
    expect(asked.map(response => response.status())).toEqual([404, 404, 404, 404, 404, 404, 404])

    // Nor does it help to name the file in a chat of one's own.
    const own = new URL(stranger.page.url()).pathname.split('/')[2] as string
    const url = picture.replace(id, own)
    expect((await request.get(`${server.url}${url}`)).status()).toBe(404)
    const part = { type: 'file', url, mediaType: 'image/png', filename: 'x.png' }
    const sent = { data: { message: { id: 'm1', role: 'user', parts: [part] } } }
    expect((await request.post(`${server.url}/api/chats/${own}/messages`, sent)).status()).toBe(409)
    expect(await chat.pictures()).toEqual([360])
  })
})

/** A WAV of a tone, 44,100 samples a second of 16 bits. */
function longWave(byteLength: number): Buffer {
  const wave = Buffer.alloc(byteLength)
  wave.write('RIFF', 0)
  wave.writeUInt32LE(byteLength - 8, 4)
  wave.write('WAVEfmt ', 8)
  for (const [value, at] of [
    [16, 16],
    [44_100, 24],
    [88_200, 28],
  ] as const)
    wave.writeUInt32LE(value, at)
  for (const [value, at] of [
    [1, 20],
    [1, 22],
    [2, 32],
    [16, 34],
  ] as const)
    wave.writeUInt16LE(value, at)
  wave.write('data', 36)
  wave.writeUInt32LE(byteLength - 44, 40)
  for (let at = 44; at + 1 < byteLength; at += 2) wave.writeInt16LE(Math.round(8000 * Math.sin(at / 50)), at)
  return wave
}
