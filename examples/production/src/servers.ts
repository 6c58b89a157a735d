import { startPostgres } from '../../../conformance/services/postgres.ts'
import { startS3 } from '../../../conformance/services/s3.ts'
import type { HostSettings } from './host/settings.ts'
import { UsageError } from './usage-error.ts'

export interface Servers extends AsyncDisposable {
  readonly settings: Omit<HostSettings, 'schema' | 'prefix'>
  /** Of each, whether this run started it and stops it at its end. */
  readonly own: { readonly postgres: boolean; readonly s3: boolean }
}

/**
 * The servers that `LASH_TEST_POSTGRES_URL` and `LASH_TEST_S3_*` name; in place of what is not named, private ones. A host in production has
 * nothing like this: it is told where its servers are.
 * @param say - is told what takes long, and what is missing.
 * @throws UsageError when one of them cannot be had.
 */
export async function openServers(say: (line: string) => void): Promise<Servers> {
  await using started = new AsyncDisposableStack()
  const [postgres, s3] = await Promise.allSettled([startPostgres(), startS3(say)])
  if (postgres.status === 'fulfilled') started.defer(() => postgres.value.stop())
  if (s3.status === 'fulfilled') started.defer(() => s3.value?.stop())
  if (postgres.status === 'rejected') throw new UsageError(`there is no PostgreSQL: ${messageOf(postgres.reason)}`)
  if (s3.status === 'rejected') throw new UsageError(messageOf(s3.reason))
  if (s3.value === undefined) throw new UsageError('this example needs an S3 server')
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3.value
  const credentials = { accessKeyId, secretAccessKey }
  const own = started.move()
  return {
    settings: { databaseUrl: postgres.value.url, bucket, region, endpoint, credentials },
    own: { postgres: postgres.value.own, s3: !process.env.LASH_TEST_S3_ENDPOINT },
    [Symbol.asyncDispose]: () => own.disposeAsync(),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
