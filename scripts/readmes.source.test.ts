import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { FilesSdkAttachmentStoreOptions } from '@lash/attachments-files-sdk'
import type { FileAttachmentStoreOptions } from '@lash/attachments-fs'
import type { LmdbAttachmentManifestOptions, LmdbAttachmentStoreOptions } from '@lash/attachments-lmdb'
import type { InMemoryAttachmentManifestOptions, InMemoryAttachmentStoreOptions } from '@lash/attachments-memory'
import type { PostgresAttachmentsOptions } from '@lash/attachments-postgres'
import type { RedisAttachmentManifestOptions } from '@lash/attachments-redis'
import type { S3AttachmentStoreOptions, S3UploadOptions, S3UrlOptions } from '@lash/attachments-s3'
import type { SqliteAttachmentsOptions } from '@lash/attachments-sqlite'
import type { SqliteSessionFactoryOptions } from '@lash/attachments-sqlite/session-factory'
import { expect, test } from 'vitest'
import { root } from './step.ts'

/** The compiler sees to it that the names are those of the type: none is missing, and none too many. */
type NamesOf<Options> = Record<keyof Options, true>

type MemoryOptions = InMemoryAttachmentStoreOptions & InMemoryAttachmentManifestOptions

const memory: NamesOf<MemoryOptions> = { maxByteLength: true, tombstoneRetentionMs: true, now: true }
const fs: NamesOf<FileAttachmentStoreOptions> = { root: true, durability: true, maxByteLength: true }
const sqlite: NamesOf<SqliteAttachmentsOptions> = {
  path: true,
  database: true,
  busyTimeoutMs: true,
  blobProfile: true,
  maxByteLength: true,
  spool: true,
  tombstoneRetentionMs: true,
  now: true,
}
const factory: NamesOf<Omit<SqliteSessionFactoryOptions, keyof SqliteAttachmentsOptions>> = {
  root: true,
  gcPolicy: true,
}
const postgres: NamesOf<PostgresAttachmentsOptions> = {
  pool: true,
  connectionString: true,
  poolConfig: true,
  schema: true,
  migrate: true,
  prepare: true,
  maxByteLength: true,
  spool: true,
  tombstoneRetentionMs: true,
  now: true,
}
const s3: NamesOf<S3AttachmentStoreOptions> = {
  bucket: true,
  prefix: true,
  client: true,
  clientConfig: true,
  conditionalWrites: true,
  batchDelete: true,
  multipart: true,
  maxByteLength: true,
  spool: true,
}
const filesSdk: NamesOf<FilesSdkAttachmentStoreOptions> = {
  adapter: true,
  prefix: true,
  persistence: true,
  maxByteLength: true,
  spool: true,
}
const lmdb: NamesOf<LmdbAttachmentStoreOptions & LmdbAttachmentManifestOptions> = {
  path: true,
  maxByteLength: true,
  tombstoneRetentionMs: true,
  now: true,
}
const redis: NamesOf<RedisAttachmentManifestOptions> = {
  url: true,
  client: true,
  prefix: true,
  persistence: true,
  timeoutMs: true,
  tombstoneRetentionMs: true,
  now: true,
}
const url: NamesOf<Omit<S3UrlOptions, 'signal'>> = {
  expiresInSeconds: true,
  expiresIn: true,
  stableForSeconds: true,
  contentDisposition: true,
  generation: true,
}

const upload: NamesOf<Omit<S3UploadOptions, 'signal'>> = {
  id: true,
  byteLength: true,
  mediaType: true,
  width: true,
  height: true,
  label: true,
  expiresInSeconds: true,
}

/** Of the stores and manifests. */
const shared: Record<string, object> = { memory, fs, sqlite, postgres, s3, 'files-sdk': filesSdk, lmdb, redis }
/** Of what one package offers beside them. */
const own: Record<string, object> = { sqlite: factory, s3: { ...url, ...upload } }

const readmes = globSync('{packages/*,conformance}/README.md', { cwd: root }).map(file => file.replaceAll('\\', '/'))

test.each(readmes)('%s has the headings of CONTRIBUTING, in their order', file => {
  const [table] = tables(section('CONTRIBUTING.md', 'Documents'))
  const headings = table?.map(([heading]) => heading) ?? []
  const found = [...read(file).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
  expect(found).toEqual(headings.filter(heading => found.includes(heading)))
  expect(found).toContain('Use')
})

test.each(Object.keys(shared))('the README of %s explains every option', name => {
  const explained = tables(section(`packages/${name}/README.md`, 'Options')).flatMap(table =>
    table.flatMap(([option = '']) => names(option)),
  )
  expect(new Set(explained)).toEqual(new Set(Object.keys({ ...shared[name], ...own[name] })))
})

test.each(Object.keys(shared))('the table of the root README has every option of %s', name => {
  const [table = []] = tables(section('README.md', 'Options'))
  const column = table[0]?.indexOf(name) ?? -1
  const listed = table.flatMap(row => names(row[column] ?? ''))
  expect(new Set(listed)).toEqual(new Set(Object.keys(shared[name] ?? {})))
})

test('a test runs the code of each guide', () => {
  const tests = globSync('{packages,conformance,examples}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] })
  const texts = tests.map(read).join()
  const guides = globSync('docs/guides/*.md', { cwd: root }).map(file => basename(file))
  expect(guides.filter(guide => !texts.includes(guide))).toEqual([])
})

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** What stands below a heading of the second level. */
function section(file: string, heading: string): string {
  return (
    read(file)
      .split(/^## /m)
      .find(text => text.startsWith(`${heading}\n`)) ?? ''
  )
}

/** The cells of each table, by row, with the row of its headings. */
function tables(markdown: string): string[][][] {
  return (markdown.match(/(?:^\|.*\n)+/gm) ?? []).map(table =>
    table
      .trim()
      .split('\n')
      .filter(row => !/^[|:\- ]+$/.test(row))
      .map(row =>
        row
          .split('|')
          .slice(1, -1)
          .map(cell => cell.trim()),
      ),
  )
}

/** Of options: what stands in code, up to a dot. */
function names(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)[\w.]*`/g)].map(([, name]) => name as string)
}
