import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { chromiumHint, findChromium } from '@lash/attachments-testing/services'
import { type Browser, chromium, type Page } from 'playwright-core'

/** The chat as `demo:chat` starts it, in a process of its own. */
export interface RunningChat {
  url: string
  folder: string
  /** The most memory that its process has had resident, in bytes. Of Linux. */
  peakMemory(): Promise<number>
  /** A sweep of age zero. */
  sweep(): Promise<void>
  stop(): Promise<{ code: number | null; stdout: string; stderr: string }>
}

export async function startDemo(): Promise<RunningChat> {
  const folder = await mkdtemp(join(tmpdir(), 'chat-test-'))
  const main = join(import.meta.dirname, '..', 'src', 'main.ts')
  const child = spawn(process.execPath, [main, '--data', folder], {
    env: { ...process.env, NODE_OPTIONS: '', OPENAI_API_KEY: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  const url = await new Promise<string>((resolve, reject) => {
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', text => {
        output[name] += text
        const found = /http:\S+/.exec(output.stdout)?.[0]
        if (found !== undefined && output.stdout.includes('Ctrl-C')) resolve(found)
      })
    }
    child.once('close', code => reject(new Error(`the chat ended with ${code}: ${output.stderr}`)))
  })
  return {
    url,
    folder,
    async peakMemory() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
    },
    async sweep() {
      await using store = new FileAttachmentStore(join(folder, 'attachments'))
      await using manifest = new SqliteAttachmentManifest({ path: join(folder, 'chat.db') })
      await reclaimOrphanedAttachments(manifest, store, Date.now())
    },
    async stop() {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      const [code] = await closed
      await rm(folder, { recursive: true, force: true })
      return { code, ...output }
    },
  }
}

/** Why there is no browser to test with. Undefined when there is one. With `CI=true` there has to be. */
export function whyNoBrowser(): string | undefined {
  if (findChromium() !== undefined) return undefined
  const reason = `the chat in a browser: there is no chromium; to install it: ${chromiumHint}`
  if (process.env.CI === 'true') throw new Error(reason)
  return reason
}

export function startBrowser(): Promise<Browser> {
  // As root, Chromium runs only without its sandbox. Where /dev/shm is small, it has to use files.
  const args = ['--no-sandbox', '--disable-dev-shm-usage']
  return chromium.launch({ executablePath: findChromium() as string, args })
}

/** What a person does and sees, on the page of a chat. */
export class ChatPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Opens the URL of a chat, or of the server, which makes one. */
  async open(url: string): Promise<string> {
    await this.page.goto(url)
    await this.page.getByRole('button', { name: 'Attach files' }).waitFor()
    return this.page.url()
  }

  async reload(): Promise<void> {
    await this.open(this.page.url())
  }

  pick(files: string | string[] | { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
    return this.page.locator('input[type=file]').setInputFiles(files)
  }

  /** The chip of a file that has arrived. */
  async chip(name: string): Promise<void> {
    await this.page.locator('.chip', { hasText: name }).locator('.note').waitFor()
  }

  /** Sends, and waits for the whole answer. */
  async send(text: string, answer: string): Promise<void> {
    await this.page.getByRole('textbox').fill(text)
    await this.page.getByRole('button', { name: 'Send' }).click()
    await this.page.locator('.message.assistant', { hasText: answer }).last().waitFor()
    // What the page shows is then what the server has stored.
    await this.page.locator('main[aria-busy=false]').waitFor()
  }

  /** Widths of the pictures in messages, once they have loaded: 0 for one that cannot be shown. */
  async pictures(): Promise<number[]> {
    return this.page.evaluate(`Promise.all([...document.querySelectorAll('.message img')].map(async image => {
      await image.decode().catch(() => undefined)
      return image.naturalWidth
    }))`)
  }

  sizes(): Promise<string | null> {
    return this.page.locator('.sizes').textContent()
  }

  async delete(): Promise<void> {
    const deleted = this.page.url()
    const gone = this.page.waitForURL(url => url.href !== deleted)
    await this.page.getByRole('button', { name: 'Delete chat' }).click()
    await gone
  }
}
