import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import { UsageError } from '../usage-error.ts'
import type { BackendModule, OpenOptions } from './backend-module.ts'
import { load } from './load.ts'

/** How the backend of each scheme is loaded. What it needs is loaded when a URL names it. */
const backends: Readonly<Record<string, () => Promise<BackendModule>>> = {
  file: () => import('./file.ts'),
  lmdb: () => import('./lmdb.ts'),
  memory: () => import('./memory.ts'),
  postgres: () => import('./postgres.ts'),
  postgresql: () => import('./postgres.ts'),
  redis: () => import('./redis.ts'),
  rediss: () => import('./redis.ts'),
  s3: () => import('./s3.ts'),
  sqlite: () => import('./sqlite.ts'),
}

export interface BackendOptions extends Partial<OpenOptions> {
  /** The package, or the path of the module, that opens URLs of other schemes. */
  use?: string | undefined
}

/**
 * Opens a store by its URL, such as `file:/srv/attachments` or `s3://bucket/prefix`. Close it when done.
 * @throws UsageError when the URL is none, or its backend is not installed; and what the backend throws.
 */
export async function openStore(url: string, options: BackendOptions = {}): Promise<AttachmentStore> {
  const { openStore: open } = await backendOf(url, options.use)
  if (open === undefined) throw new UsageError(`${schemeOf(url)}: keeps no bytes: give --store another URL`)
  return open(url, { create: options.create ?? true })
}

/**
 * Opens a manifest by its URL, such as `sqlite:/srv/attachments.db` or `postgres://host/database`. Close it when done.
 * @throws UsageError when the URL is none, or its backend is not installed; and what the backend throws.
 */
export async function openManifest(url: string, options: BackendOptions = {}): Promise<AttachmentManifest> {
  const { openManifest: open } = await backendOf(url, options.use)
  if (open === undefined) throw new UsageError(`${schemeOf(url)}: keeps no refs: give --manifest another URL`)
  return open(url, { create: options.create ?? true })
}

async function backendOf(url: string, use: string | undefined): Promise<BackendModule> {
  const scheme = schemeOf(url)
  const own = Object.hasOwn(backends, scheme) ? backends[scheme] : undefined
  if (own !== undefined) return own()
  if (use !== undefined) return load<BackendModule>(use, use)
  const known = Object.keys(backends).map(name => `${name}:`)
  throw new UsageError(
    `nothing opens ${scheme}: URLs: give one of ${known.join(' ')}, or name the package that opens it with --use`,
  )
}

function schemeOf(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]
  // One letter is a drive of Windows.
  if (scheme !== undefined && scheme.length > 1) return scheme.toLowerCase()
  // Of what has no scheme, nobody knows where a password stands.
  if (url.includes('@')) throw new UsageError('what was given is no URL: it begins with a scheme, such as postgres://')
  throw new UsageError(`${url} is no URL: did you mean file:${url}?`)
}
