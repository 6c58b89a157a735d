/*
 * Dear colleague,
 *
 * this is how a browser sends files past your server, straight into the bucket: films, say. Run it with
 *
 *     S3_BUCKET=my-bucket S3_REGION=eu-central-1 npx -y pnpm@12 exec node examples/browser-uploads.ts
 *
 * and open the page that it prints. S3_ENDPOINT, S3_PREFIX and credentials are as in postgres-and-s3.ts, PORT is that
 * of the page. The bucket has to allow PUT to the page's origin (CORS), and should remove what is never confirmed:
 * packages/s3/README.md has both rules.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type AttachmentMeta, AttachmentStoreError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

const { S3_BUCKET: bucket, S3_REGION: region, S3_ENDPOINT: endpoint, PORT = '3000' } = process.env
const { S3_PREFIX: prefix = 'attachments-example/' } = process.env
const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = process.env
if (!bucket || !region) {
  console.error('Set S3_BUCKET and S3_REGION; the comment at the top of this file says how.')
  process.exit(2)
}

const store = new S3AttachmentStore({
  bucket,
  prefix,
  clientConfig: {
    region,
    ...(endpoint && { endpoint }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  },
})
const manifest = new SqliteAttachmentManifest({ path: ':memory:' }) // yours is a file, or in PostgreSQL
// Yours is the session of who is logged in.
const session = new SessionScopedAttachmentStore(store, manifest, 'conversation-1')

// The browser asks first. This is where you decide who may upload what, and how much. What it gets back is a request
// for these bytes and no others: their SHA-256, length and media type are signed.
async function announce(request: IncomingMessage): Promise<object> {
  const { id, byteLength, mediaType, label } = (await json(request)) as Required<AttachmentMeta>
  return store.createUpload({ id, byteLength, mediaType, label, expiresInSeconds: 3600 })
}

// The bytes are in the bucket, and nobody's. Now they become the session's, as if you had put them. Of what the browser
// says, only the id of the upload counts. Better commit in the transaction that saves the message.
async function confirm(request: IncomingMessage): Promise<object> {
  const { uploadId } = (await json(request)) as { uploadId: string }
  const ref = await store.confirmUpload(uploadId, session)
  await session.commit({ refs: [ref] })
  console.log(`uploaded ${ref.label}: ${ref.byteLength} bytes`)
  return ref
}

// Downloads go past your server too, once you know that the session holds the bytes. For an hour the URL stays the
// same, so the browser's cache finds them again.
async function download(id: string): Promise<string | undefined> {
  const ref = await session.ref(id)
  if (ref === undefined) return undefined
  const { generation = 0, label } = ref
  const contentDisposition = { filename: label?.slice(-255).toWellFormed() || 'file' }
  return store.getUrl(id, { generation, contentDisposition, expiresInSeconds: 7200, stableForSeconds: 3600 })
}

const page = `<!doctype html><meta charset="utf-8"><title>Uploads</title>
<input type="file"><ul></ul>
<script type="module">
  const hex = bytes => [...new Uint8Array(bytes)].map(byte => byte.toString(16).padStart(2, '0')).join('')
  const ask = async (path, body) => {
    const answer = await fetch(path, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    return answer.json()
  }
  async function upload(file) {
    // All of it is in memory here. For films, take a library that hashes piece by piece, such as hash-wasm.
    const id = hex(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
    const mediaType = file.type || 'application/octet-stream'
    const { uploadId, url, method, headers } = await ask('/announce', {
      id, byteLength: file.size, mediaType, label: file.name,
    })
    const sent = await fetch(url, { method, headers, body: file })
    if (!sent.ok) throw new Error('the bucket says ' + sent.status)
    return ask('/confirm', { uploadId })
  }
  document.querySelector('input').onchange = async ({ target }) => {
    const item = document.querySelector('ul').appendChild(document.createElement('li'))
    try {
      const { id, label } = await upload(target.files[0])
      item.innerHTML = '<a></a>'
      Object.assign(item.firstChild, { href: '/files/' + id, textContent: label })
    } catch (error) {
      item.textContent = error.message
    }
  }
</script>`

const server = createServer(async (request, answer) => {
  const { method, url = '/' } = request
  try {
    if (method === 'POST') {
      return void answer.end(JSON.stringify(await (url === '/announce' ? announce(request) : confirm(request))))
    }
    if (!url.startsWith('/files/')) return void answer.setHeader('content-type', 'text/html').end(page)
    const location = await download(url.slice('/files/'.length))
    answer.writeHead(location === undefined ? 404 : 302, location === undefined ? {} : { location }).end()
  } catch (error) {
    // Our errors say what is wrong. What is wrong with the bucket is for you to read, and not for the browser.
    console.error(error)
    const isTheirs = AttachmentStoreError.isInstance(error) && error.code !== 'backend'
    answer.writeHead(isTheirs ? 400 : 500).end(isTheirs ? error.message : 'it did not work')
  }
})
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`open http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
