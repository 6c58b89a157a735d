import assert from 'node:assert/strict'
import type { AttachmentCreateMeta, AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { isAbsent, rejectsWith } from '../../run/expect.ts'
import { collect, independentId, sampleBytes, webStream } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** Metadata comes back as it was given. Bad metadata is refused before anything is stored. */
export const metadataCases: readonly StoreCase[] = storeGroup('metadata', {
  'every-field': {
    title: 'media type, width, height and label come back from put, get, stream and stat',
    async run({ store }) {
      await metadataComesBack(store, { mediaType: 'image/png', width: 640, height: 480, label: 'chart.png' })
    },
  },
  'no-optional-field': {
    title: 'fields that were not given are absent, not null, undefined or zero',
    async run({ store }) {
      await metadataComesBack(store, { mediaType: 'application/pdf' })
    },
  },
  extremes: {
    title: 'zero and the largest width and height, empty and longest labels, and the longest media type come back',
    async run({ store }) {
      await metadataComesBack(store, { mediaType: 'image/gif', width: 0, height: 0, label: '' })
      await metadataComesBack(store, { mediaType: 'image/gif', width: 2 ** 31 - 1, height: 2 ** 31 - 1 })
      await metadataComesBack(store, { mediaType: 'text/plain', label: 'x'.repeat(1024) })
      await metadataComesBack(store, { mediaType: 'text/plain', label: '€'.repeat(341) })
      await metadataComesBack(store, { mediaType: `application/${'x'.repeat(243)}` })
    },
  },
  'all-at-their-largest': {
    title:
      'the longest label, in any script, comes back beside the longest media type and the largest width and height',
    async run({ store }) {
      const size = 2 ** 31 - 1
      const labels = ['x'.repeat(1024), 'é'.repeat(512), '€'.repeat(341), '🏳'.repeat(256), '\u0001'.repeat(1024)]
      for (const label of [...labels, '"\\'.repeat(512), '%'.repeat(1024)]) {
        const mediaType = `application/${'x'.repeat(243)}`
        await metadataComesBack(store, { mediaType, width: size, height: size, label })
      }
    },
  },
  'left-out': {
    title: 'a field that one put gives is not in what another put, before, after or beside it, has left out',
    async run({ store }) {
      const all = { mediaType: 'image/png', width: 640, height: 480, label: 'chart.png' }
      const metas: AttachmentCreateMeta[] = [
        all,
        { mediaType: 'text/plain' },
        { mediaType: 'image/png', width: 1 },
        { mediaType: 'image/gif', height: 2 },
        { mediaType: 'text/csv' },
      ]
      for (const meta of metas) await metadataComesBack(store, meta)
      await Promise.all([...metas, all, ...metas].map(meta => metadataComesBack(store, meta)))
      // Of the same bytes, too.
      const bytes = sampleBytes(64)
      const id = independentId(bytes)
      for (const meta of metas) {
        await store.put(bytes, meta)
        assert.deepEqual(await store.stat(id), { id, byteLength: 64, ...meta }, JSON.stringify(meta))
        await store.delete(id)
      }
    },
  },
  'fresh-objects': {
    title: 'every call gives metadata and entries of a listing as new objects, which the caller may change',
    async run({ store }) {
      const bytes = sampleBytes(100)
      const meta = { mediaType: 'image/png', width: 1, label: 'a' }
      const ref = await store.put(bytes, meta)
      const { id } = ref
      const expected = { id, byteLength: 100, ...meta }
      for (let round = 0; round < 2; round++) {
        const stat = await store.stat(id)
        const { meta: got } = await store.get(id)
        const { meta: streamed, body } = await store.stream(id)
        await body.cancel()
        const [entry] = await collect(store.list())
        assert.deepEqual([stat, got, streamed], [expected, expected, expected], `round ${round}`)
        assert.deepEqual([entry?.id, entry?.byteLength], [id, 100], `round ${round}: list`)
        const given: object[] = [ref, stat, got, streamed, entry].filter(each => each !== undefined)
        assert.equal(new Set(given).size, given.length, 'one object was given twice')
        for (const each of given) Object.assign(each, { id: 'changed', mediaType: 'x/x', label: 'x', byteLength: 7 })
      }
      await store.put(bytes, meta)
      assert.deepEqual(await store.stat(id), expected, 'when it was put again')
    },
  },
  labels: {
    title: 'labels come back code point by code point, whatever their script, quotes, line ends or blanks',
    async run({ store }) {
      const labels = [
        'photo du été 2026 – n°1.png',
        'レポート最終版.pdf',
        'דוח שנתי.pdf',
        '👩‍👩‍👧‍👦 🏳️‍🌈.jpg',
        'e\u0301 is not \u00e9',
        ' blanks at both ends ',
        'tab\tline\nreturn\r\nend',
        `quotes ' " \` and ; -- /* % _ \\ $1 :a ? {}`,
        '=?UTF-8?Q?not_encoded?=',
        '%41%00+plus',
        '../../etc/passwd',
        'control \u0001 \u001f \u007f \u0085 \u2028 \ufeff',
        '\u{10ffff}\uffff',
        'null',
      ]
      for (const label of labels) await metadataComesBack(store, { mediaType: 'text/plain', label })
    },
  },
  'media-types': {
    title: 'media types come back exactly, with their parameters and their case',
    async run({ store }) {
      const types = [
        'text/plain;charset=utf-8',
        'text/plain; charset="utf-8"; format=flowed',
        'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        'multipart/mixed; boundary="a b;c\\"d,e=f"',
        'Image/PNG',
        'application/x-www-form-urlencoded',
        'video/mp4;codecs="avc1.640028, mp4a.40.2"',
      ]
      for (const mediaType of types) await metadataComesBack(store, { mediaType })
    },
  },
  'ref-is-plain-json': {
    title: 'a ref is plain JSON with known fields only, and has no generation when that is 0',
    async run({ store }) {
      const meta = { mediaType: 'image/png', width: 1, label: 'a', unknown: 'field' } as AttachmentCreateMeta
      const ref = await store.put(sampleBytes(10), meta)
      assert.deepEqual(JSON.parse(JSON.stringify(ref)), { ...ref })
      const known = { id: ref.id, byteLength: 10, mediaType: 'image/png', width: 1, label: 'a' }
      assert.deepEqual({ ...ref }, known)
      assert.deepEqual(await store.stat(ref.id), known)
    },
  },
  'bad-metadata': {
    title: 'bad metadata is an invalid argument, and nothing is stored',
    async run({ store }) {
      const bytes = sampleBytes(1000)
      for (const [index, meta] of badMetadata.entries()) {
        const what = `bad metadata ${index}: ${JSON.stringify(meta)?.slice(0, 60)}`
        await rejectsWith(store.put(bytes, meta as AttachmentCreateMeta), 'invalid_argument', what)
        await rejectsWith(store.put(webStream(bytes), meta as AttachmentCreateMeta), 'invalid_argument', what)
      }
      await isAbsent(store, independentId(bytes), 'after refusals')
    },
  },
})

const mediaType = 'text/plain'
const badMetadata: readonly unknown[] = [
  undefined,
  null,
  'text/plain',
  {},
  { mediaType: '' },
  { mediaType: 'text' },
  { mediaType: '/plain' },
  { mediaType: 'text/' },
  { mediaType: 'text/plain\r\nx-injected: 1' },
  { mediaType: 'text/plain\0' },
  { mediaType: 'tëxt/plain' },
  { mediaType: 'text/plain;' },
  { mediaType: `text/${'x'.repeat(251)}` },
  { mediaType: 7 },
  { mediaType, width: -1 },
  { mediaType, width: 1.5 },
  { mediaType, width: Number.NaN },
  { mediaType, width: '640' },
  { mediaType, height: 2 ** 31 },
  { mediaType, height: Number.POSITIVE_INFINITY },
  { mediaType, height: null },
  { mediaType, label: 7 },
  { mediaType, label: null },
  { mediaType, label: 'nul\0' },
  { mediaType, label: 'half of a pair \ud800' },
  { mediaType, label: 'x'.repeat(1025) },
  { mediaType, label: '€'.repeat(342) },
]

let seed = 1000

/** Puts fresh bytes with the metadata. Fails unless every call that shows metadata shows exactly this. */
async function metadataComesBack(store: AttachmentStore, meta: AttachmentCreateMeta): Promise<void> {
  const bytes = sampleBytes(64, seed++)
  const expected = { id: independentId(bytes), byteLength: 64, ...meta }
  const what = JSON.stringify(meta).slice(0, 100)
  assert.deepEqual({ ...(await store.put(bytes, meta)) }, expected, `ref of ${what}`)
  assert.deepEqual((await store.get(expected.id)).meta, expected, `get of ${what}`)
  assert.deepEqual(await store.stat(expected.id), expected, `stat of ${what}`)
  const { meta: streamed, body } = await store.stream(expected.id)
  await body.cancel()
  assert.deepEqual(streamed, expected, `stream of ${what}`)
}
