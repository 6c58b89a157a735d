import { type Finding, finding } from '../finding.ts'
import type { BucketPlace } from './bucket-place.ts'
import { conditionalWrites } from './conditional-writes.ts'
import { expiry, noncurrentVersions, type Rule, unfinishedUploads } from './lifecycle.ts'
import { objectRights } from './object-rights.ts'
import { codeOf, described } from './s3-error.ts'

/**
 * Looks at a bucket, and at what these credentials may do below the prefix. Writes a few objects there that no store
 * takes for its own, and removes them.
 */
export async function examineBucket(place: BucketPlace, signal: AbortSignal): Promise<Finding[]> {
  const { client, bucket, prefix } = place
  try {
    await client.listObjectsV2({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }, { abortSignal: signal })
  } catch (error) {
    signal.throwIfAborted()
    const message = `${bucket} cannot be listed: ${described(error)}`
    return [finding('problem', 'bucket', message, 'see that it exists, and allow s3:ListBucket on it')]
  }
  const { rules, hidden } = await lifecycle(place, signal)
  return [
    finding('ok', 'bucket', `${bucket} is there and can be listed`),
    ...(await objectRights(place, signal)),
    await conditionalWrites(place, signal),
    await versioning(place, rules, signal),
    ...(rules === undefined ? [hidden] : [unfinishedUploads(rules, prefix), ...expiry(rules, prefix)]),
  ]
}

async function versioning({ client, bucket, prefix }: BucketPlace, rules: Rule[] | undefined, signal: AbortSignal) {
  try {
    const { Status } = await client.getBucketVersioning({ Bucket: bucket }, { abortSignal: signal })
    return noncurrentVersions(Status, rules, prefix)
  } catch (error) {
    signal.throwIfAborted()
    return unseen('versioning', error, 's3:GetBucketVersioning')
  }
}

/** The rules, or why they cannot be seen. */
async function lifecycle(
  { client, bucket }: BucketPlace,
  signal: AbortSignal,
): Promise<{ rules: Rule[]; hidden?: never } | { rules?: never; hidden: Finding }> {
  try {
    const { Rules = [] } = await client.getBucketLifecycleConfiguration({ Bucket: bucket }, { abortSignal: signal })
    return { rules: Rules.filter(({ Status }) => Status === 'Enabled') }
  } catch (error) {
    signal.throwIfAborted()
    if (codeOf(error) === 'NoSuchLifecycleConfiguration') return { rules: [] }
    return { hidden: unseen('lifecycle rules', error, 's3:GetLifecycleConfiguration') }
  }
}

/** Hosts need no right to see settings of the bucket, so that is nothing to mend. */
function unseen(check: string, error: unknown, right: string): Finding {
  return finding(
    'note',
    check,
    `cannot be seen: ${described(error)}`,
    `run the doctor with credentials that have ${right}`,
  )
}
