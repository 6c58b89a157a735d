import assert from 'node:assert/strict'
import type { AttachmentContentRecord, AttachmentManifest, AttachmentManifestRecord } from '@lash/attachments-core'
import { textOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import type { ManifestUnderTest } from '../manifest-under-test.ts'
import { intentFor, type ManifestSteps, stepsOf } from '../steps.ts'

/** What a manifest has exported: the floor, and its contents by name, each put together from its records. */
export interface Exported {
  readonly floor: number
  readonly contents: ReadonlyMap<string, AttachmentContentRecord>
}

/** Exports all. Fails unless the floor comes first and the records of one content come one after the other. */
export async function exported(manifest: AttachmentManifest): Promise<Exported> {
  const [first, ...records] = await collect(manifest.exportContents())
  assert.ok(first !== undefined && 'floor' in first, 'the floor comes first')
  const contents = new Map<string, AttachmentContentRecord>()
  let last: string | undefined
  for (const record of records) {
    assert.ok('attachmentId' in record, 'after the floor, there are contents only')
    const name = textOf(record.attachmentId)
    const before = contents.get(name)
    assert.ok(before === undefined || last === name, `the records of ${name} come one after the other`)
    contents.set(name, before === undefined ? record : { ...before, refs: [...before.refs, ...record.refs] })
    last = name
  }
  return { floor: first.floor, contents }
}

/** A record's refs in an order of their own, since that of an export is up to the manifest. */
export function sorted({ contents, ...rest }: Exported): unknown {
  const inOrder = [...contents].map(([name, record]) => ({
    name,
    ...record,
    refs: record.refs.toSorted((one, other) => compare(keyOf(one), keyOf(other))),
  }))
  return { ...rest, contents: inOrder.toSorted((one, other) => compare(one.name, other.name)) }
}

function keyOf({ sessionId, holder }: { sessionId: string; holder: string }): string {
  return JSON.stringify([sessionId, holder])
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

/** Records as a source that nobody has asked yet. */
export async function* recordsOf(
  ...records: readonly AttachmentManifestRecord[]
): AsyncGenerator<AttachmentManifestRecord, void, void> {
  yield* records
}

/** The record of content with one ref, which is committed. */
export function heldRecord(name: string, sessionId: string, generation = 0): AttachmentContentRecord {
  const { byteLength, ...intent } = intentFor(name, sessionId)
  const ref = { ...intent, holder: '', byteLength, generation, committedAtEpochMs: 2000 }
  return { attachmentId: intent.attachmentId, generation, refs: [ref] }
}

/** Has a fresh manifest take over what this one knows, and looks at the copy. */
export function moving(
  { manifest, withFresh }: ManifestUnderTest,
  look: (copy: ManifestSteps) => Promise<void>,
): Promise<void> {
  return withFresh(async fixture => {
    await fixture.manifest.importContents(manifest.exportContents())
    await look(stepsOf(fixture.manifest))
  })
}

/** Fails unless the manifest knows nothing and can still take over what another one knows. */
export async function assertUntouched({ manifest }: ManifestSteps, what: string): Promise<void> {
  assert.deepEqual(sorted(await exported(manifest)), { floor: 0, contents: [] }, what)
  await manifest.importContents(recordsOf({ floor: 3 }, heldRecord('taken over at last', 'last')))
  assert.equal((await collect(manifest.listRefs('last'))).length, 1, what)
}
