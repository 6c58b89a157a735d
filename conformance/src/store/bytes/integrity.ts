import assert from 'node:assert/strict'
import type {
  AttachmentErrorCode,
  AttachmentId,
  AttachmentStore,
  AttachmentStreamOptions,
} from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import type { Damage } from '../../harness.ts'
import { hasCode, isAbsent, isStored, rejectsWith } from '../../run/expect.ts'
import { plain, readUntilFailure } from '../../run/samples.ts'
import { type StoreRule, type StoreUnderTest, storeGroup } from '../store-under-test.ts'

/** Of one blob that is in memory at once, and of one that is read in pieces. */
const lengths = [1000, 1_500_000]
const metadataDamages = ['drop-metadata', 'damage-metadata'] as const

/** Damaged bytes are an error, never data. */
export const integrityCases: readonly StoreCase[] = storeGroup('integrity', {
  ...rulesFor(['flip', 'truncate', 'extend', 'empty'], damage => ({
    [`get-${damage}`]: {
      title: `get of damaged bytes (${damage}) fails with a corrupt error that names the id, and never returns bytes`,
      async run(tested) {
        for (const { store, id, length } of await damagedOfEachLength(tested, damage)) {
          const error = await rejectsWith(store.get(id), 'corrupt', `${length} bytes, ${damage}`)
          assert.equal(error.id, id)
          await rejectsWith(store.get(id), 'corrupt', `${length} bytes, ${damage}, a second time`)
        }
      },
    },
    [`stream-${damage}`]: {
      title: `stream of damaged bytes (${damage}) fails with a corrupt error before its reader has all the bytes`,
      async run(tested) {
        for (const { store, id, length } of await damagedOfEachLength(tested, damage)) {
          const outcome = await streamed(store, id)
          assert.ok(outcome.failed, `the stream of ${length} damaged bytes ended as if they were good`)
          hasCode(outcome.error, 'corrupt', `${length} bytes, ${damage}`)
          assert.ok(outcome.byteLength < length, `all ${length} bytes were given before the error`)
        }
      },
    },
    ...canBeReplaced(damage),
  })),
  ...rulesFor(metadataDamages, damage => ({
    [`get-${damage}`]: {
      title: `missing or unreadable metadata (${damage}) is a typed error with the id, not a guess and not absence`,
      async run(tested) {
        const { store, id } = await damaged(tested, 1000, damage)
        const codes: readonly AttachmentErrorCode[] = ['missing_meta', 'metadata_decode']
        assert.equal((await rejectsWith(store.get(id), codes, 'get')).id, id)
        assert.equal((await rejectsWith(store.stream(id), codes, 'stream')).id, id)
        await rejectsWith(store.stat(id), codes, 'stat')
      },
    },
  })),
  ...rulesFor(metadataDamages, canBeReplaced),
  'unverified-get-checks-length': {
    title: 'get with verify: false still refuses bytes of the wrong length',
    requires: ['damage:truncate'],
    async run(tested) {
      for (const { store, id, length } of await damagedOfEachLength(tested, 'truncate')) {
        await rejectsWith(store.get(id, { verify: false }), 'corrupt', `${length} bytes, one cut off`)
      }
    },
  },
  'range-checks-length': {
    title: 'a range that reaches into what was cut off is an error, never a short read',
    requires: ['damage:truncate'],
    async run(tested) {
      for (const { store, id, length } of await damagedOfEachLength(tested, 'truncate')) {
        const outcome = await streamed(store, id, { start: length - 10, end: length })
        assert.ok(outcome.failed, `the range of ${length} bytes ended after ${outcome.byteLength} of its 10 bytes`)
        hasCode(outcome.error, 'corrupt', 'range')
      }
    },
  },
  'stat-says-what-is-there': {
    title:
      'stat of damaged bytes gives their length as they are stored now, by which a put sees that it must heal them',
    requires: ['damage:truncate'],
    async run(tested) {
      const { store, has } = tested
      for (const damage of (['truncate', 'extend', 'empty'] as const).filter(each => has(`damage:${each}`))) {
        for (const length of damage === 'truncate' ? lengths : [1000]) {
          const { id } = await damaged(tested, length, damage)
          const { byteLength = -1 } = (await store.stat(id)) ?? {}
          const isTold = damage === 'extend' ? byteLength > length : byteLength >= 0 && byteLength < length
          assert.ok(isTold, `stat of ${length} bytes says ${byteLength} (${damage})`)
          await store.delete(id)
        }
      }
    },
  },
  'others-unharmed': {
    title: 'one damaged blob does not keep the others from being read',
    requires: ['damage:flip'],
    async run({ store, putSample, corrupt }) {
      const good = await putSample(1000, 2)
      const bad = await putSample(1000)
      await corrupt(bad.id, 'flip')
      await rejectsWith(store.get(bad.id), 'corrupt', 'the damaged one')
      await isStored(store, good.id, good.bytes, 'the good one')
    },
  },
})

/** The rules for each of the damages. Each needs a harness that can do the damage. */
function rulesFor<D extends Damage>(
  damages: readonly D[],
  rules: (damage: D) => Record<string, Omit<StoreRule, 'requires'>>,
): Record<string, StoreRule> {
  const all = damages.flatMap(damage =>
    Object.entries(rules(damage)).map(([name, rule]) => [name, { ...rule, requires: [`damage:${damage}`] }] as const),
  )
  return Object.fromEntries(all)
}

function canBeReplaced(damage: Damage): Record<string, Omit<StoreRule, 'requires'>> {
  return {
    [`delete-and-put-${damage}`]: {
      title: `a damaged blob (${damage}) can be deleted, and is whole when it is put again`,
      async run(tested) {
        const { store, id, bytes } = await damaged(tested, 1000, damage)
        await store.delete(id)
        await isAbsent(store, id, 'after delete')
        await store.put(bytes, plain)
        await isStored(store, id, bytes, 'after put')
      },
    },
  }
}

async function damaged({ store, putSample, streamSample, corrupt }: StoreUnderTest, length: number, damage: Damage) {
  const stored = await (length > 1_000_000 ? streamSample : putSample)(length)
  await corrupt(stored.id, damage)
  return { ...stored, store, length }
}

/** Damaged blobs of each length, each in a store of its own. */
async function damagedOfEachLength(tested: StoreUnderTest, damage: Damage) {
  const [first = 0, ...others] = lengths
  const inOthers = others.map(async length => damaged(await tested.another(), length, damage))
  return Promise.all([damaged(tested, first, damage), ...inOthers])
}

/** Reads a stream until it ends or fails. A stream that cannot be opened has failed too. */
async function streamed(store: AttachmentStore, id: AttachmentId, range: AttachmentStreamOptions = {}) {
  try {
    const { body } = await store.stream(id, range)
    return await readUntilFailure(body)
  } catch (error) {
    return { byteLength: 0, error, failed: true }
  }
}
