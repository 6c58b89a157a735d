import assert from 'node:assert/strict'
import type { AttachmentId } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { isStored, listedIds, rejectsWith } from '../../run/expect.ts'
import { absentId, collect } from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'

/** Unknown ids, and strings that are not ids. */
export const idCases: readonly StoreCase[] = storeGroup('ids', {
  unknown: {
    title: 'an id that was never put is not found, and the error names it',
    async run({ store, putSample }) {
      await putSample(10)
      const id = absentId()
      const error = await rejectsWith(store.get(id), 'not_found', 'get')
      assert.equal(error.id, id)
      assert.ok(error.message.includes(id), 'the message names the id')
      await rejectsWith(store.stream(id), 'not_found', 'stream')
      await rejectsWith(store.stream(id, { start: 1, end: 2 }), 'not_found', 'stream of a range')
      assert.equal(await store.stat(id), undefined)
      await store.delete(id)
    },
  },
  malformed: {
    title: 'a malformed id is not found by get and stream, undefined for stat, and ignored by delete',
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      for (const malformed of malformedIds(id)) {
        const what = `id ${JSON.stringify(malformed)?.slice(0, 90)}`
        const bad = malformed as AttachmentId
        const error = await rejectsWith(store.get(bad), 'not_found', `get of ${what}`)
        assert.ok(error.message.length < 500, `${what}: the message does not repeat all of it`)
        assert.ok(!hasControlCharacter(error.message), `${what}: the message has no control characters`)
        await rejectsWith(store.stream(bad), 'not_found', `stream of ${what}`)
        assert.equal(await store.stat(bad), undefined, `stat of ${what}`)
        await store.delete(bad)
      }
      await isStored(store, id, bytes, 'what is stored, after all that')
      assert.deepEqual(await listedIds(store), [id])
    },
  },
  'malformed-with-generation': {
    title: 'a malformed id is not found with a generation either, and deleting it harms nothing',
    requires: ['generations'],
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      for (const malformed of malformedIds(id)) {
        const bad = malformed as AttachmentId
        for (const generation of [0, 1]) {
          await rejectsWith(store.get(bad, { generation }), 'not_found', 'get')
          assert.equal(await store.stat(bad, { generation }), undefined)
          await store.delete(bad, { generation })
        }
      }
      await isStored(store, id, bytes, 'what is stored, after all that')
    },
  },
  'malformed-prefix': {
    title: 'a listing by a prefix that no id begins with is empty',
    async run({ store, putSample }) {
      const { id } = await putSample(1000)
      const prefixes = [
        id.slice(0, 8).toUpperCase(),
        'zz',
        '%',
        '_',
        '*',
        '../',
        '\0',
        `${id}0`,
        `${id}.`,
        ' ',
        'sha256',
      ]
      // The beginning of an id may be digits alone, which have no upper case.
      for (const prefix of prefixes.filter(prefix => !id.startsWith(prefix))) {
        assert.deepEqual(await collect(store.list({ prefix })), [], `prefix ${JSON.stringify(prefix)}`)
      }
    },
  },
})

/** Strings and other values that are not ids. Many of them look like the id of something that is stored. */
function malformedIds(id: AttachmentId): unknown[] {
  const upperCase = 'ABCDEF'.repeat(10) + id.slice(60).toUpperCase()
  return [
    '',
    ' ',
    '.',
    '..',
    '/',
    '\\',
    '\0',
    'sha256:x',
    `sha256:${id}`,
    upperCase,
    id.slice(0, 63),
    `${id}0`,
    `${id}\n`,
    `${id}\0`,
    ` ${id}`,
    `${id} `,
    `${id}.1`,
    `${id}.json`,
    `${id}/`,
    `./${id}`,
    `../${id}`,
    `../../../../../../../etc/passwd`,
    `..\\${id}`,
    `${id.slice(0, 2)}/${id}`,
    `sha256/${id.slice(0, 2)}/${id}`,
    `%2e%2e%2f${id}`,
    `${id.slice(0, 62)}%2e`,
    `${id.slice(0, 62)}__`,
    `${id.slice(0, 63)}%`,
    `${id.slice(0, 63)}*`,
    `${id.slice(0, 63)}٠`,
    `' OR '1'='1`,
    `${id}' --`,
    'g'.repeat(64),
    'constructor',
    '__proto__',
    'x'.repeat(4096),
    id.repeat(64),
    `\u001b[31m${id}`,
    `${id.slice(0, 63)}\u007f`,
    undefined,
    null,
    0,
    {},
    [id],
    { toString: () => id },
    Buffer.from(id, 'hex'),
  ]
}

function hasControlCharacter(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this looks for them
  return /[\u0000-\u001f\u007f]/.test(text)
}
