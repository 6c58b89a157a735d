import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { connection, describeWithProxy, describeWithServer, proxy, refuseUnsigned, there } from './server.ts'

/** The blocks of TypeScript of a document, by its path from this folder. */
async function blocks(path: string): Promise<string[]> {
  const text = await readFile(new URL(path, import.meta.url), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block as string)
}

/** Runs code with these names, and gives what it returns. */
function run(code: string, scope: object): Promise<unknown> {
  const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => never
  return new AsyncFunction(...Object.keys(scope), code)(...Object.values(scope))
}

describeWithServer('the README', () => {
  test('has an example that runs', async () => {
    if (connection === undefined) return
    const [source = ''] = await blocks('../README.md')
    const program = source
      .replace("'my-attachments'", JSON.stringify(connection.bucket))
      .replace("'production/'", "'test/readme/'")
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        AWS_ENDPOINT_URL_S3: connection.endpoint,
        AWS_ACCESS_KEY_ID: connection.accessKeyId,
        AWS_SECRET_ACCESS_KEY: connection.secretAccessKey,
      },
    })
    const [text, url] = stdout.trim().split('\n')
    expect(text).toBe('hello')
    const answer = await fetch(url ?? '')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="hello.txt"')
    expect(await answer.text()).toBe('hello')
  })
})

describeWithProxy('its other code', () => {
  test('gives a URL that stays, and takes an upload past the server', async () => {
    refuseUnsigned()
    const [, stable = '', upload = ''] = await blocks('../README.md')
    const file = sampleBytes(50)
    const meta = { mediaType: 'video/mp4', label: 'film.mp4' }
    const store = there.store(proxy.endpoint)
    const session = new SessionScopedAttachmentStore(store, new InMemoryAttachmentManifest(), 'chat')
    await run(upload, { store, session, id: contentId(file), byteLength: 50, file, ...meta })
    const ref = await session.ref(contentId(file))
    expect(ref).toMatchObject(meta)
    expect(await session.pendingRefs()).toEqual([])
    expect((await fetch((await run(`return ${stable}`, { store, ref })) as string)).status).toBe(200)
  })
})

test('the guide to servers names the server of each store, which signs URLs for it', async () => {
  const guide = await blocks('../../../docs/guides/s3-servers.md')
  const hmacKey = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const made: string[] = []
  for (const code of guide) {
    // Credentials are those of the environment, which a test may not have.
    class Store extends S3AttachmentStore {
      constructor({ clientConfig, ...options }: ConstructorParameters<typeof S3AttachmentStore>[0] & object) {
        super({ ...options, clientConfig: { credentials: hmacKey, ...clientConfig } })
      }
    }
    await using store = (await run(`return ${code}`, { S3AttachmentStore: Store, hmacKey })) as S3AttachmentStore
    made.push(new URL(await store.getUrl(contentId(sampleBytes(1)), { generation: 0 })).origin)
  }
  expect(made).toEqual([
    'https://my-attachments.s3.eu-central-1.amazonaws.com',
    'https://s3.example.com',
    'https://account.r2.cloudflarestorage.com',
    'https://storage.googleapis.com',
    'https://swift.example.com',
  ])
})
