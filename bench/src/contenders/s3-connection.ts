import { s3FromEnvironment } from '../../../conformance/services/s3.ts'
import type { Setting } from '../contender.ts'

/** The server that the environment names, and a prefix that nobody else uses. */
export function connection({ env }: Setting) {
  const server = s3FromEnvironment(env)
  if (server === undefined) throw new Error('there is no S3 server')
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const config = { endpoint, region, credentials, forcePathStyle: true }
  return { bucket, endpoint, region, credentials, config, prefix: `bench-${process.pid}-${Date.now()}/` }
}
