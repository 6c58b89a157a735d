import { randomUUID } from 'node:crypto'
import { type Finding, finding } from '../finding.ts'
import type { BucketPlace } from './bucket-place.ts'
import { described, statusOf } from './s3-error.ts'

/** Whether a PUT on the condition that there is no such object leaves what is there. */
export async function conditionalWrites(
  { client, bucket, prefix }: BucketPlace,
  signal: AbortSignal,
): Promise<Finding> {
  const check = 'conditional writes'
  const at = { Bucket: bucket, Key: `${prefix}doctor/${randomUUID()}` }
  const options = { abortSignal: signal }
  try {
    await client.putObject({ ...at, Body: 'first' }, options)
    await client.putObject({ ...at, Body: 'second', IfNoneMatch: '*' }, options)
    return finding(
      'warning',
      check,
      'the server ignores If-None-Match: a second put of the same bytes replaces the metadata of the first',
      'open the store with conditionalWrites: false',
    )
  } catch (error) {
    signal.throwIfAborted()
    const status = statusOf(error)
    if (status === 412) return finding('ok', check, 'the server keeps what is there (If-None-Match)')
    if (status === 501 || status === 405) {
      const advice = 'nothing has to be done: the store notices; conditionalWrites: false saves it one request'
      return finding('note', check, 'the server has none: a look goes before each put', advice)
    }
    return finding('problem', check, described(error), 'allow s3:PutObject below the prefix')
  } finally {
    await client.deleteObject(at).catch(ignore)
  }
}

/** That deletes are refused is what another finding says. */
function ignore(): void {}
