import type { S3 } from '@aws-sdk/client-s3'

/** Where an S3 store keeps its objects. */
export interface BucketPlace {
  readonly client: S3
  readonly bucket: string
  /** The beginning of the names of all objects. */
  readonly prefix: string
}
