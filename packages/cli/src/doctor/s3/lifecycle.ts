import type { LifecycleRule } from '@aws-sdk/client-s3'
import { type Finding, finding } from '../finding.ts'

/** A rule that is enabled. */
export type Rule = LifecycleRule

/** Whether a put that was killed leaves its parts, and who pays for them. */
export function unfinishedUploads(rules: readonly Rule[], prefix: string): Finding {
  const check = 'unfinished uploads'
  const days = rules
    .filter(rule => coversAll(rule, prefix))
    .map(rule => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? Number.POSITIVE_INFINITY)
  const soonest = Math.min(...days)
  if (soonest !== Number.POSITIVE_INFINITY) return finding('ok', check, `a rule removes them after ${soonest} days`)
  return finding(
    'warning',
    check,
    'no rule removes the parts of uploads whose process was killed: invisible, and paid for',
    `add a lifecycle rule for the prefix "${prefix}" with AbortIncompleteMultipartUpload and DaysAfterInitiation 1`,
  )
}

/** Rules that take or archive what only the manifest may give up. */
export function expiry(rules: readonly Rule[], prefix: string): Finding[] {
  const check = 'expiry'
  const bad = rules.filter(rule => touches(rule, prefix) && (expires(rule) || archives(rule)))
  if (bad.length === 0) return [finding('ok', check, 'no rule expires or archives objects under the prefix')]
  return bad.map(({ ID = 'without a name' }) =>
    finding(
      'problem',
      check,
      `the rule ${ID} expires or archives objects under the prefix`,
      'remove it, or give it another prefix: only the manifest knows what is still referred to',
    ),
  )
}

/** What happens to what is deleted, where the bucket keeps versions. */
export function noncurrentVersions(
  status: string | undefined,
  rules: readonly Rule[] | undefined,
  prefix: string,
): Finding {
  const check = 'versioning'
  if (status === undefined) {
    return finding('ok', check, 'off: what is deleted is gone at once; see the guide on backups if you want it back')
  }
  if (rules === undefined) return finding('note', check, status, 'see that a lifecycle rule ends old versions')
  const kept = rules.find(rule => coversAll(rule, prefix) && rule.NoncurrentVersionExpiration !== undefined)
  const days = kept?.NoncurrentVersionExpiration?.NoncurrentDays
  if (kept !== undefined)
    return finding('ok', check, `${status}; a rule ends old versions after ${days ?? 'some'} days`)
  return finding(
    'warning',
    check,
    `${status}, and no rule ends old versions: what sweeps delete is kept and paid for ever`,
    'add a lifecycle rule with NoncurrentVersionExpiration, as long as you want to be able to go back',
  )
}

/** A date in the past, or a number of days. A rule that only tidies up delete markers takes no bytes. */
function expires({ Expiration }: Rule): boolean {
  return Expiration?.Days !== undefined || Expiration?.Date !== undefined
}

/** Classes from which an object must be restored before it can be read. */
function archives({ Transitions = [] }: Rule): boolean {
  return Transitions.some(({ StorageClass }) => StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE')
}

function prefixOf({ Filter, Prefix }: Rule): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? ''
}

/** Whether the rule is for every object under the prefix, whatever its tags and size. */
function coversAll(rule: Rule, prefix: string): boolean {
  const { Tag, And, ObjectSizeGreaterThan, ObjectSizeLessThan } = rule.Filter ?? {}
  const isPicky = [Tag, And, ObjectSizeGreaterThan, ObjectSizeLessThan].some(condition => condition !== undefined)
  return !isPicky && prefix.startsWith(prefixOf(rule))
}

/** Whether the rule is for some blobs under the prefix. Ours have no tags, and uploads that wait are none yet. */
function touches(rule: Rule, prefix: string): boolean {
  const { Tag, And } = rule.Filter ?? {}
  const ofRule = prefixOf(rule)
  if (Tag !== undefined || And?.Tags !== undefined || ofRule.startsWith(`${prefix}unconfirmed/`)) return false
  return prefix.startsWith(ofRule) || ofRule.startsWith(prefix)
}
