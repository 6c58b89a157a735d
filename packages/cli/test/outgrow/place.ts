import { randomUUID } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { postgresUrl } from '@lash/attachments-testing/postgres'
import { removeAll, type S3Connection, s3ClientConfig } from '@lash/attachments-testing/s3'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { Files } from './chats.ts'

/** A prefix of the bucket and a database of its own, empty, and gone after the test. */
export interface Place {
  readonly prefix: string
  readonly storeUrl: string
  /** Without the password, which is in `env`. */
  readonly manifestUrl: string
  /** What the command line finds in its environment: credentials, and where the server is. */
  readonly env: NodeJS.ProcessEnv
  open(): Files
}

export async function newPlace(server: S3Connection): Promise<Place> {
  const { bucket, endpoint, region, accessKeyId, secretAccessKey } = server
  const prefix = `test/${randomUUID()}/`
  const client = new S3Client(s3ClientConfig(server))
  onTestFinished(async () => {
    await removeAll(client, bucket, prefix)
    client.destroy()
  })
  const url = new URL(postgresUrl())
  const admin = new pg.Client(url.href)
  await admin.connect()
  const database = `outgrow_${randomUUID().replaceAll('-', '')}`
  await admin.query(`CREATE DATABASE ${database} ENCODING 'UTF8' TEMPLATE template0`)
  onTestFinished(async () => {
    await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
    await admin.end()
  })
  url.pathname = database
  const { href, password } = url
  url.password = ''
  return {
    prefix,
    storeUrl: `s3://${bucket}/${prefix.slice(0, -1)}?region=${region}`,
    manifestUrl: url.href,
    env: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_S3: endpoint,
      PGPASSWORD: decodeURIComponent(password),
      DATABASE_URL: href,
    },
    open() {
      const store = new S3AttachmentStore({ bucket, prefix, clientConfig: s3ClientConfig(server) })
      const manifest = new PostgresAttachmentManifest(href)
      onTestFinished(() => store.close())
      onTestFinished(() => manifest.close())
      return { store, manifest }
    },
  }
}
