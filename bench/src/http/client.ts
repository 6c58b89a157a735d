import { createCipheriv, createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { concurrently } from '@lash/attachments-core/backend'
import { type Dispatcher, Pool } from 'undici'
import type { HttpCell } from './cells.ts'
import { contenders, type HttpContender } from './contenders.ts'

/*
 * The client of one cell, in a process of its own. Its bodies are made while they are sent, and dropped while they are
 * read.
 */

export interface ClientTask {
  readonly cell: HttpCell
  readonly contenderName: string
  readonly port: number
  readonly serverPid: number
}

export interface HttpMeasurement {
  readonly seconds: number
  /** Most memory that the server had resident during the cell, in MiB; 0 where the system does not tell. */
  readonly peakMiB: number
  /** Processor time of the server, all its threads; 0 where the system does not tell. Other work changes it little. */
  readonly cpuSeconds: number
}

/** A hundred files of a cell, or fewer, are compared byte by byte, by their digests. */
const compared = 100
const chunkLength = 64 * 1024
const boundary = 'boundary-of-the-benchmark'

process.once('message', async task => {
  process.send?.(await measure(task as ClientTask))
  process.disconnect()
})

async function measure({ cell, contenderName, port, serverPid }: ClientTask): Promise<HttpMeasurement> {
  const contender = contenders.find(({ name }) => name === contenderName) as HttpContender
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connections: cell.concurrency,
    bodyTimeout: 0,
    headersTimeout: 0,
  })
  const { direction, byteLength, files, requests, concurrency } = cell
  // Code that is compiled, connections, and what is downloaded. Their numbers come behind those of the cell.
  const paths: string[] = []
  const warm = direction === 'down' ? files : cell.isSmall ? 500 : 1
  for (let each = 0; each < warm; each++) {
    const length = direction === 'down' || cell.isSmall ? byteLength : chunkLength
    paths.push(await upload(pool, contender, requests + each, length))
  }
  const digests = await sampled(
    direction === 'down' ? requests : 0,
    direction === 'down' ? files : requests,
    byteLength,
  )
  const once =
    direction === 'up'
      ? async (each: number) => {
          const path = await upload(pool, contender, each, byteLength)
          if (contender.role === 'ours' && digests.has(each) && !path.endsWith(`${digests.get(each)}`))
            throw new Error(`the id in ${path} is not the digest`)
          paths[each] = path
        }
      : (each: number) => download(pool, paths[each % files] as string, byteLength, digests.get(requests + each))
  await resetPeak(serverPid)
  const before = await cpuOf(serverPid)
  const started = performance.now()
  await concurrently([...Array(requests).keys()], concurrency, once)
  const seconds = (performance.now() - started) / 1000
  const cpuSeconds = (await cpuOf(serverPid)) - before
  const peakMiB = await peakOf(serverPid)
  if (direction === 'up') for (const [each, digest] of digests) await download(pool, paths[each]!, byteLength, digest)
  await pool.close()
  return { seconds, peakMiB, cpuSeconds }
}

/** The digests of some of the bodies with the numbers from `first`, by their numbers. */
async function sampled(first: number, count: number, byteLength: number): Promise<Map<number, string>> {
  const step = Math.max(1, Math.ceil((count * byteLength) / 250e6), Math.ceil(count / compared))
  const digests = new Map<number, string>()
  for (let each = first; each < first + count; each += step) {
    const digest = createHash('sha256')
    for await (const chunk of body(each, byteLength)) digest.update(chunk)
    digests.set(each, digest.digest('hex'))
  }
  return digests
}

async function upload(pool: Pool, contender: HttpContender, number: number, byteLength: number): Promise<string> {
  const { isForm, method, uploadPath, downloadPath } = contender
  const key = `file-${number}`
  const bytes = body(number, byteLength)
  const [head, tail] = isForm ? partAround(key) : ['', '']
  const response = await pool.request({
    method,
    path: uploadPath(key),
    headers: {
      'content-type': isForm ? `multipart/form-data; boundary=${boundary}` : 'application/octet-stream',
      'content-length': `${head.length + byteLength + tail.length}`,
    },
    body: byteLength <= chunkLength ? await joined(head, bytes, tail) : (framed(head, bytes, tail) as never),
  })
  const answer = await response.body.text()
  if (response.statusCode > 201) throw new Error(`upload: ${response.statusCode} ${answer.slice(0, 200)}`)
  return downloadPath(key, answer)
}

async function download(pool: Pool, path: string, byteLength: number, digest: string | undefined): Promise<void> {
  const response: Dispatcher.ResponseData = await pool.request({ method: 'GET', path })
  const hash = digest === undefined ? undefined : createHash('sha256')
  let length = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength
    hash?.update(chunk)
  }
  if (response.statusCode !== 200) throw new Error(`download: ${response.statusCode}`)
  if (length !== byteLength) throw new Error(`download: ${length} bytes of ${byteLength}`)
  if (hash !== undefined && hash.digest('hex') !== digest) throw new Error('download: other bytes than were uploaded')
}

/** The body with this number: always the same, unlike every other, and no chunk of it like another. */
async function* body(number: number, byteLength: number): AsyncGenerator<Buffer> {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(number, 0)
  const first = createCipheriv('aes-128-ctr', key, key).update(Buffer.alloc(Math.min(chunkLength, byteLength)))
  // A socket may still have the last chunk when it asks for the next.
  const buffers = [first, Buffer.from(first)]
  for (let sent = 0, count = 0; sent < byteLength; sent += first.byteLength, count++) {
    const chunk = buffers[count % 2] as Buffer
    chunk.writeUInt32LE(count, 0)
    yield chunk.subarray(0, byteLength - sent)
  }
}

function partAround(name: string): [head: string, tail: string] {
  const disposition = `Content-Disposition: form-data; name="file"; filename="${name}"`
  const head = `--${boundary}\r\n${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`
  return [head, `\r\n--${boundary}--\r\n`]
}

async function* framed(head: string, bytes: AsyncIterable<Buffer>, tail: string): AsyncGenerator<Buffer> {
  if (head !== '') yield Buffer.from(head)
  yield* bytes
  if (tail !== '') yield Buffer.from(tail)
}

async function joined(head: string, bytes: AsyncIterable<Buffer>, tail: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of framed(head, bytes, tail)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Begins anew what `VmHWM` counts. What the process has at this moment still counts. */
async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {})
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}

async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Behind the name, which may have spaces: in user mode and in the system, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100
}
