import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'

/** How a process opens one half of a pair, as plain JSON. */
export type StoreAddress =
  | { readonly kind: 'fs'; readonly root: string }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connectionString: string; readonly schema: string }
  | { readonly kind: 's3'; readonly prefix: string }
  | { readonly kind: 'lmdb'; readonly path: string }
export type ManifestAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connectionString: string; readonly schema: string }
  | { readonly kind: 'lmdb'; readonly path: string }
  | { readonly kind: 'redis'; readonly url: string }
export interface PairAddress {
  readonly store: StoreAddress
  readonly manifest: ManifestAddress
}

export interface OpenPair {
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
  close(): Promise<void>
}

/** How long the manifests remember reclaimed content: so short that they forget it again and again. */
const tombstoneRetentionMs = 50

/** Opens a pair. Loads only the packages that the pair needs, so that a short-lived worker starts soon. */
export async function openPair({ store, manifest }: PairAddress): Promise<OpenPair> {
  // Store and manifest in one file share a handle. Then an intent and its bytes are one transaction.
  if (store.kind === 'sqlite' && manifest.kind === 'sqlite' && store.path === manifest.path) {
    return (await import('@lash/attachments-sqlite')).openSqliteAttachments(store.path, { tombstoneRetentionMs })
  }
  const halves = { store: await openStore(store), manifest: await openManifest(manifest) }
  return {
    ...halves,
    async close() {
      await halves.store.close()
      await halves.manifest.close()
    },
  }
}

async function openStore(address: StoreAddress): Promise<AttachmentStore> {
  switch (address.kind) {
    case 'fs': {
      const { FileAttachmentStore } = await import('@lash/attachments-fs')
      return new FileAttachmentStore(address.root)
    }
    case 'sqlite': {
      const { SqliteAttachmentStore } = await import('@lash/attachments-sqlite')
      return new SqliteAttachmentStore({ path: address.path })
    }
    case 'postgres': {
      const { PostgresAttachmentStore } = await import('@lash/attachments-postgres')
      return new PostgresAttachmentStore({ connectionString: address.connectionString, schema: address.schema })
    }
    case 's3':
      return openS3(address.prefix)
    case 'lmdb': {
      const { LmdbAttachmentStore } = await import('@lash/attachments-lmdb')
      return new LmdbAttachmentStore(address.path)
    }
  }
}

async function openS3(prefix: string): Promise<AttachmentStore> {
  const { S3AttachmentStore } = await import('@lash/attachments-s3')
  const { endpoint, region, accessKeyId, secretAccessKey, bucket } = serverOfEnvironment()
  const clientConfig = { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } }
  return new S3AttachmentStore({ bucket, prefix, clientConfig })
}

async function openManifest(address: ManifestAddress): Promise<AttachmentManifest> {
  switch (address.kind) {
    case 'sqlite': {
      const { SqliteAttachmentManifest } = await import('@lash/attachments-sqlite')
      return new SqliteAttachmentManifest({ path: address.path, tombstoneRetentionMs })
    }
    case 'postgres': {
      const { PostgresAttachmentManifest } = await import('@lash/attachments-postgres')
      const { connectionString, schema } = address
      return new PostgresAttachmentManifest({ connectionString, schema, tombstoneRetentionMs })
    }
    case 'lmdb': {
      const { LmdbAttachmentManifest } = await import('@lash/attachments-lmdb')
      return new LmdbAttachmentManifest({ path: address.path, tombstoneRetentionMs })
    }
    case 'redis': {
      const { RedisAttachmentManifest } = await import('@lash/attachments-redis')
      return new RedisAttachmentManifest({ url: address.url, tombstoneRetentionMs })
    }
  }
}

/** Where the S3 server of the tests is. It is read here because the module that starts one takes long to load. */
function serverOfEnvironment(): Record<'endpoint' | 'bucket' | 'accessKeyId' | 'secretAccessKey' | 'region', string> {
  const { env } = process
  return {
    endpoint: env.LASH_TEST_S3_ENDPOINT ?? '',
    bucket: env.LASH_TEST_S3_BUCKET ?? '',
    accessKeyId: env.LASH_TEST_S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.LASH_TEST_S3_SECRET_ACCESS_KEY ?? '',
    region: env.LASH_TEST_S3_REGION || 'us-east-1',
  }
}
