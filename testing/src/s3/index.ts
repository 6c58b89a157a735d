/** An S3 server for tests, what it holds, and a proxy before it that does harm. */
export { removeAll, s3ClientConfig, uploads } from './bucket.ts'
export { type S3Fault, S3FaultProxy, type SeenRequest } from './fault-proxy.ts'
export { type S3Connection, type S3Service, s3Environment, s3FromEnvironment, startS3 } from './server.ts'
