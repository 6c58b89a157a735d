import { joined } from '@lash/attachments-core/backend'
import { expect, test } from 'vitest'

test('blocks are joined, also those that lie in a buffer as long as all of them', () => {
  const buffer = Uint8Array.of(1, 2, 3, 4)
  const bytes = joined([buffer.subarray(0, 2), buffer.subarray(2)], 4)
  expect(bytes).toEqual(buffer)
  expect(bytes.buffer).not.toBe(buffer.buffer)
})

test('one block that fills its buffer is not copied', () => {
  const block = Uint8Array.of(1, 2)
  expect(joined([block], 2)).toBe(block)
  expect(joined([block.subarray(1)], 1).buffer).not.toBe(block.buffer)
})
