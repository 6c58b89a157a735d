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
  const [postgres, s3] = await Promise.allSettled([startPostgres(), startS3(say)])
  const stop = async () => {
    for (const server of [postgres, s3]) if (server.status === 'fulfilled') await server.value?.stop()
  }
  if (postgres.status === 'rejected' || s3.status === 'rejected' || s3.value === undefined) {
    await stop()
    if (postgres.status === 'rejected') throw new UsageError(`there is no PostgreSQL: ${messageOf(postgres.reason)}`)
    throw new UsageError(s3.status === 'rejected' ? messageOf(s3.reason) : 'this example needs an S3 server')
  }
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3.value
  const credentials = { accessKeyId, secretAccessKey }
  return {
    settings: { databaseUrl: postgres.value.url, bucket, region, endpoint, credentials },
    own: { postgres: postgres.value.own, s3: !process.env.LASH_TEST_S3_ENDPOINT },
    [Symbol.asyncDispose]: stop,
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
