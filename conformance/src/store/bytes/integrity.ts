import assert from 'node:assert/strict'
import type { AttachmentErrorCode, AttachmentId } from '@lash/attachments-core'
import { type CaseDefinition, caseGroup, type StoreCase } from '../../case.ts'
import type { Damage, StoreFixture } from '../../harness.ts'
import { provided } from '../../run/context.ts'
import { hasCode, isAbsent, isStored, rejectsWith } from '../../run/expect.ts'
import { readUntilFailure, sampleBytes, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }
/** One that is in memory at once, and one that is read in pieces. */
const lengths = [1000, 3_000_000]

/** Damaged bytes are an error, never data. */
export const integrityCases: readonly StoreCase[] = caseGroup('store', 'integrity', [
  ...(['flip', 'truncate', 'extend', 'empty'] as const).flatMap(damage => [
    getCase(damage),
    streamCase(damage),
    deleteAndPutCase(damage),
  ]),
  metadataCase('drop-metadata'),
  metadataCase('damage-metadata'),
  deleteAndPutCase('drop-metadata'),
  deleteAndPutCase('damage-metadata'),
  {
    name: 'unverified-get-checks-length',
    title: 'get with verify: false still refuses bytes of the wrong length',
    requires: ['damage:truncate'],
    async run(context) {
      for (const length of lengths) {
        const { fixture, id } = await damaged(await context.create(), length, 'truncate')
        await rejectsWith(fixture.store.get(id, { verify: false }), 'corrupt', `${length} bytes, one cut off`)
      }
    },
  },
  {
    name: 'range-checks-length',
    title: 'a range that reaches into what was cut off is an error, never a short read',
    requires: ['damage:truncate'],
    async run(context) {
      for (const length of lengths) {
        const { fixture, id } = await damaged(await context.create(), length, 'truncate')
        const outcome = await streamed(fixture, id, { start: length - 10, end: length })
        assert.ok(outcome.failed, `the range of ${length} bytes ended after ${outcome.byteLength} of its 10 bytes`)
        hasCode(outcome.error, 'corrupt', 'range')
      }
    },
  },
  {
    name: 'others-unharmed',
    title: 'one damaged blob does not keep the others from being read',
    requires: ['damage:flip'],
    async run(context) {
      const fixture = await context.create()
      const good = sampleBytes(1000, 2)
      const { id } = await fixture.store.put(good, plain)
      const bad = await damaged(fixture, 1000, 'flip')
      await rejectsWith(fixture.store.get(bad.id), 'corrupt', 'the damaged one')
      await isStored(fixture.store, id, good, 'the good one')
    },
  },
])

function getCase(damage: Damage): CaseDefinition<'store'> {
  return {
    name: `get-${damage}`,
    title: `get of damaged bytes (${damage}) is a corrupt error with the id, never bytes`,
    requires: [`damage:${damage}`],
    async run(context) {
      for (const length of lengths) {
        const { fixture, id } = await damaged(await context.create(), length, damage)
        const error = await rejectsWith(fixture.store.get(id), 'corrupt', `${length} bytes, ${damage}`)
        assert.equal(error.id, id)
        await rejectsWith(fixture.store.get(id), 'corrupt', `${length} bytes, ${damage}, a second time`)
      }
    },
  }
}

function streamCase(damage: Damage): CaseDefinition<'store'> {
  return {
    name: `stream-${damage}`,
    title: `stream of damaged bytes (${damage}) fails with a corrupt error before anybody has all the bytes`,
    requires: [`damage:${damage}`],
    async run(context) {
      for (const length of lengths) {
        const { fixture, id } = await damaged(await context.create(), length, damage)
        const outcome = await streamed(fixture, id, {})
        assert.ok(outcome.failed, `the stream of ${length} damaged bytes ended as if they were good`)
        hasCode(outcome.error, 'corrupt', `${length} bytes, ${damage}`)
        assert.ok(outcome.byteLength < length, `all ${length} bytes were given before the error`)
      }
    },
  }
}

function deleteAndPutCase(damage: Damage): CaseDefinition<'store'> {
  return {
    name: `delete-and-put-${damage}`,
    title: `a damaged blob (${damage}) can be deleted, and put again it is whole`,
    requires: [`damage:${damage}`],
    async run(context) {
      const { fixture, id, bytes } = await damaged(await context.create(), 1000, damage)
      await fixture.store.delete(id)
      await isAbsent(fixture.store, id, 'after delete')
      await fixture.store.put(bytes, plain)
      await isStored(fixture.store, id, bytes, 'after put')
    },
  }
}

const metadataCodes: readonly AttachmentErrorCode[] = ['missing_meta', 'metadata_decode']

function metadataCase(damage: 'drop-metadata' | 'damage-metadata'): CaseDefinition<'store'> {
  return {
    name: `get-${damage}`,
    title: `bytes whose metadata is missing or unreadable (${damage}) are a typed error with the id, not a guess and not absent`,
    requires: [`damage:${damage}`],
    async run(context) {
      const { fixture, id } = await damaged(await context.create(), 1000, damage)
      const { store } = fixture
      assert.equal((await rejectsWith(store.get(id), metadataCodes, 'get')).id, id)
      assert.equal((await rejectsWith(store.stream(id), metadataCodes, 'stream')).id, id)
      await rejectsWith(store.stat(id), metadataCodes, 'stat')
    },
  }
}

async function damaged(
  fixture: StoreFixture,
  length: number,
  damage: Damage,
): Promise<{ fixture: StoreFixture; id: AttachmentId; bytes: Uint8Array }> {
  const bytes = sampleBytes(length)
  const { id } = await fixture.store.put(length > 1_000_000 ? webStream(bytes) : bytes, plain)
  await provided(fixture.corrupt, 'corrupt').call(fixture, id, damage)
  return { fixture, id, bytes }
}

/** Reads a stream to its end or failure; failing to open it is a failure too. */
async function streamed(
  { store }: StoreFixture,
  id: AttachmentId,
  range: { start?: number; end?: number },
): Promise<{ byteLength: number; error: unknown; failed: boolean }> {
  try {
    const { body } = await store.stream(id, range)
    return await readUntilFailure(body)
  } catch (error) {
    return { byteLength: 0, error, failed: true }
  }
}
