import assert from 'node:assert/strict'
import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { textOf } from '../../run/contents.ts'

/** Before any time of a real clock, and after every time that a history sets. */
const realTimes = 1e11

/** Fails unless both are the same ref, or none. */
export function sameEntry(
  actual: AttachmentManifestEntry | undefined,
  expected: AttachmentManifestEntry | undefined,
  what: string,
): void {
  assert.deepEqual(actual && shown(actual), expected && shown(expected), what)
}

/** Fails unless these are the same refs, in any order. */
export function sameEntries(
  actual: readonly AttachmentManifestEntry[],
  expected: readonly AttachmentManifestEntry[],
  what: string,
): void {
  assert.deepEqual(sorted(actual), sorted(expected), what)
}

function sorted(entries: readonly AttachmentManifestEntry[]): unknown[] {
  const keyOf = ({ attachmentId, sessionId, holder }: AttachmentManifestEntry) =>
    JSON.stringify([attachmentId, sessionId, holder])
  return entries.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)).map(shown)
}

/** With the name of the content, and without the digits of a clock that nobody sets. */
function shown({ attachmentId, ...entry }: AttachmentManifestEntry): unknown {
  const dates = (['committedAtEpochMs', 'releasedAtEpochMs'] as const).flatMap(name => {
    const time = entry[name]
    return time !== undefined && time > realTimes ? [[name, 'now']] : []
  })
  return { content: textOf(attachmentId), ...entry, ...Object.fromEntries(dates) }
}
