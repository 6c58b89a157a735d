import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { areInstalled, install, installCommandOf, mayInstall } from '../services/debian.ts'
import { startCeph } from './ceph/cluster.ts'
import { cephPackages, cephPrograms } from './ceph/packages.ts'

const installCommand = installCommandOf(cephPackages)

/** How to reach an S3 server that tests may use. They keep to prefixes of their own in the bucket. */
export interface S3Connection {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

export interface S3Service extends S3Connection {
  /** Stops what was started, and nothing else. */
  stop(): Promise<void>
}

/**
 * An S3 server for tests: the one that `LASH_TEST_S3_*` names, otherwise a private Ceph, whose packages are installed
 * first where that is possible. Undefined when none can be had, which is then said in one line.
 * @throws Error when none can be had and `CI` is true: a server that is missing there is a failure.
 */
export async function startS3(say: (line: string) => void = console.log): Promise<S3Service | undefined> {
  const given = s3FromEnvironment()
  if (given !== undefined) return { ...given, stop: async () => {} }
  if (!areInstalled(cephPrograms) && !mayInstall()) return missing('Ceph is not installed', say)
  try {
    if (!areInstalled(cephPrograms)) {
      say(`S3: installing a server for the tests (LASH_TEST_INSTALL=0 turns this off): ${installCommand}`)
      await install(cephPackages)
    }
    return await startWithBucket()
  } catch (error) {
    return missing((error as Error).message, say)
  }
}

/** The server that the environment names, if it names one. */
export function s3FromEnvironment(env: NodeJS.ProcessEnv = process.env): S3Connection | undefined {
  const endpoint = env.LASH_TEST_S3_ENDPOINT
  if (!endpoint) return undefined
  const required = (name: string): string => {
    const value = env[name]
    if (!value) throw new Error(`LASH_TEST_S3_ENDPOINT is set, so ${name} must be set as well`)
    return value
  }
  return {
    endpoint,
    bucket: required('LASH_TEST_S3_BUCKET'),
    accessKeyId: required('LASH_TEST_S3_ACCESS_KEY_ID'),
    secretAccessKey: required('LASH_TEST_S3_SECRET_ACCESS_KEY'),
    region: env.LASH_TEST_S3_REGION || 'us-east-1',
  }
}

/** The variables that make {@link s3FromEnvironment} of another process give this connection. */
export function s3Environment(connection: S3Connection): Record<string, string> {
  return {
    LASH_TEST_S3_ENDPOINT: connection.endpoint,
    LASH_TEST_S3_BUCKET: connection.bucket,
    LASH_TEST_S3_ACCESS_KEY_ID: connection.accessKeyId,
    LASH_TEST_S3_SECRET_ACCESS_KEY: connection.secretAccessKey,
    LASH_TEST_S3_REGION: connection.region,
  }
}

async function startWithBucket(): Promise<S3Service> {
  const { endpoint, accessKeyId, secretAccessKey, stop } = await startCeph()
  const connection = { endpoint, bucket: 'attachments', accessKeyId, secretAccessKey, region: 'us-east-1' }
  const client = new S3Client({
    endpoint,
    region: connection.region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  try {
    await client.send(new CreateBucketCommand({ Bucket: connection.bucket }))
    return { ...connection, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    client.destroy()
  }
}

function missing(reason: string, say: (line: string) => void): undefined {
  const line = `no S3 server for the tests (${reason.split('\n', 1)[0]}); to get one: ${installCommand}; or set LASH_TEST_S3_ENDPOINT, _BUCKET, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY`
  if (process.env.CI === 'true') throw new Error(line)
  say(`S3: ${line}. Its cases are skipped.`)
  return undefined
}
