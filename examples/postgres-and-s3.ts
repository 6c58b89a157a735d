/*
 * Dear colleague,
 *
 * this is what runs on many machines: bytes in a bucket, refs in PostgreSQL. Run it with
 *
 *     DATABASE_URL=postgres://user:password@localhost:5432/app S3_BUCKET=my-bucket S3_REGION=eu-central-1 \
 *       npx -y pnpm@12 exec node examples/postgres-and-s3.ts
 *
 * and, for a server other than AWS, S3_ENDPOINT=http://localhost:9000. Credentials are those that the AWS SDK finds
 * (its environment variables, your profile, the role of the machine), or S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.
 * Objects go below S3_PREFIX, by default `attachments-example/`. If you have no servers: `npx -y pnpm@12 services`
 * starts both and prints how to reach them.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { reclaimOrphanedAttachments, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { S3AttachmentStore } from '@lash/attachments-s3'

const { DATABASE_URL: connectionString, S3_BUCKET: bucket, S3_REGION: region, S3_ENDPOINT: endpoint } = process.env
const { S3_PREFIX: prefix = 'attachments-example/' } = process.env
const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = process.env
if (!connectionString || !bucket || !region) {
  console.error('Set DATABASE_URL, S3_BUCKET and S3_REGION; the comment at the top of this file says how.')
  process.exit(2)
}

// One manifest for each prefix of a bucket, and the other way round: to a manifest, bytes that only another one knows
// are orphans. Staging and production need a prefix each.
const manifest = new PostgresAttachmentManifest({ connectionString })
const store = new S3AttachmentStore({
  bucket,
  prefix,
  clientConfig: {
    region,
    ...(endpoint && { endpoint }),
    ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
  },
})

// Ask both for something that is not there. A wrong password, a missing bucket or an older schema then shows when your
// host starts, and not in the first turn of a user.
const nothing = '0'.repeat(64)
await Promise.all([manifest.lookup('start-up', nothing), store.stat(nothing)])
console.log('both servers answer')

// 20 MB from somewhere. A stream of unknown length waits in a temporary file until its hash is known; then it goes up
// in parts, at the same time, and the server checks what it gets.
const session = new SessionScopedAttachmentStore(store, manifest, `conversation-${randomUUID()}`)
const film = await session.put(Readable.from(someMegabytes(20)), { mediaType: 'video/mp4', label: 'film.mp4' })
await session.commit() // better: in the transaction that saves your turn, see in-your-transaction-postgres.ts
console.log(`put ${film.label}: ${film.byteLength} bytes in ${prefix}`)

// The same bytes in another conversation, as when one is forked: it adopts them, and nothing goes up or comes down.
const other = new SessionScopedAttachmentStore(store, manifest, `conversation-${randomUUID()}`)
await other.adopt([film], session)
await other.commit()
let copies = 0
for await (const _ of store.list({ prefix: film.id })) copies++
console.log(`two conversations hold it, copies in the bucket: ${copies}`)

// Read a part of it through your process, with a range request.
const { body } = await session.stream(film.id, { start: 1_000_000, end: 1_000_100 })
console.log(`a part: ${(await new Response(body).arrayBuffer()).byteLength} bytes`)

// Or let a browser fetch it from the bucket. First make sure that whoever asks may read this conversation: the URL
// works for everybody, for as long as you say, and cannot be taken back.
const { generation = 0 } = film
const url = await store.getUrl(film.id, { generation, expiresInSeconds: 60 })
const answer = await fetch(url)
console.log(`by URL: ${answer.status}, ${(await answer.arrayBuffer()).byteLength} bytes`)

// One conversation is deleted, and a sweep finds nothing to take, since the other one holds the same bytes. Then the
// other one is deleted too. In production the sweep runs from a timer, with an age of a day: see sweeper.ts.
for (const conversation of [session, other]) {
  await conversation.release()
  const { reclaimedCount } = await reclaimOrphanedAttachments(manifest, store, Date.now())
  console.log(`deleted a conversation; swept: ${reclaimedCount}`)
}
await Promise.all([store.close(), manifest.close()])

function* someMegabytes(count: number): Generator<Uint8Array> {
  for (let megabyte = 0; megabyte < count; megabyte++) yield randomBytes(1_000_000)
}
