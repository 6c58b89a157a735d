import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import {
  type CORSConfiguration,
  CreateBucketCommand,
  DeleteBucketCommand,
  PutBucketCorsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { removeAll, S3FaultProxy, s3ClientConfig, s3FromEnvironment } from '@lash/attachments-testing/s3'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBrowser, whyNoBrowser } from '../chat/test/running.ts'
import { examples } from './programs.ts'

const server = s3FromEnvironment()
const reason = whyNoBrowser() ?? (server === undefined ? 'uploads by a browser: no S3 server' : undefined)
if (reason !== undefined) console.log(`${reason}; skipped`)

describe.skipIf(server === undefined || reason !== undefined)('browser-uploads.ts', () => {
  test('takes files past the server once the bucket allows it, and gives them back', async () => {
    const { client, bucket } = await aBucket()
    const page = await aPage()
    const proxy = await aStrictProxy()
    await page.goto(await startExample(bucket, proxy.endpoint))
    const puts: string[] = []
    page.on('request', request => {
      if (request.method() === 'PUT') puts.push(new URL(request.url()).origin)
    })

    const [first, second] = [randomBytes(100_000), Buffer.from('<b>hello</b>')]
    await pick(page, 'lake in the évening.png', first)
    await page.getByText('Failed to fetch').waitFor()

    await client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration: await corsOfReadme(page) }))
    puts.length = 0
    expect(await download(page, 'lake in the évening.png', first)).toEqual(first)
    expect(await download(page, 'page.html', second)).toEqual(second)
    expect(puts).toEqual([proxy.endpoint, proxy.endpoint])
  })
})

/** A bucket of its own, since the rules of the one that all tests share are theirs. */
async function aBucket(): Promise<{ client: S3Client; bucket: string }> {
  if (server === undefined) throw new Error('there is no S3 server')
  const client = new S3Client(s3ClientConfig(server))
  const bucket = `uploads-${randomBytes(6).toString('hex')}`
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  onTestFinished(async () => {
    await removeAll(client, bucket, '')
    await client.send(new DeleteBucketCommand({ Bucket: bucket }))
    client.destroy()
  })
  return { client, bucket }
}

/** Refuses what was not signed, as AWS does, and as the README of the package demands of servers that do not. */
async function aStrictProxy(): Promise<S3FaultProxy> {
  const proxy = await S3FaultProxy.start(server?.endpoint ?? '')
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const target = { method: 'PUT', url: 'X-Amz-Signature', header: 'x-amz-copy-source' }
  proxy.spoil(target, { kind: 'answer', status: 403, code: 'AccessDenied' }, Number.POSITIVE_INFINITY)
  return proxy
}

/** Starts the example as it stands, and gives the URL that it prints. */
async function startExample(bucket: string, endpoint: string): Promise<string> {
  const child = spawn(process.execPath, [join(examples, 'browser-uploads.ts')], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: '0',
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_REGION: server?.region,
      S3_ACCESS_KEY_ID: server?.accessKeyId,
      S3_SECRET_ACCESS_KEY: server?.secretAccessKey,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    await closed
  })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  return line.trim().replace('open ', '')
}

async function aPage(): Promise<Page> {
  const browser = await startBrowser()
  onTestFinished(() => browser.close())
  return browser.newPage()
}

/** The rule of the README, for the origin of the page. */
async function corsOfReadme(page: Page): Promise<CORSConfiguration> {
  const readme = await readFile(join(examples, '..', 'packages', 's3', 'README.md'), 'utf8')
  const rules = /```json\n(\{\s+"CORSRules".*?)```/s.exec(readme)?.[1] ?? ''
  return JSON.parse(rules.replace('https://app.example.com', new URL(page.url()).origin))
}

function pick(page: Page, name: string, bytes: Buffer): Promise<void> {
  return page.locator('input').setInputFiles({ name, mimeType: 'image/png', buffer: bytes })
}

async function download(page: Page, name: string, bytes: Buffer): Promise<Buffer> {
  await pick(page, name, bytes)
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name }).click()
  const downloaded = await downloading
  expect(downloaded.suggestedFilename()).toBe(name)
  return buffer(await downloaded.createReadStream())
}
