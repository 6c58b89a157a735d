import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStream } from '@lash/attachments-core/backend'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'

async function streamOfFile(start: number, end: number) {
  const path = join(newFolder(), 'file')
  await writeFile(path, 'twelve bytes')
  const handle = await open(path)
  let ends = 0
  const stream = fileStream(
    (...range) => handle.read(...range),
    start,
    end,
    async () => {
      ends++
      await handle.close()
    },
  )
  return { reader: stream.getReader(), ends: () => ends }
}

test('reads the range and says once that it has ended', async () => {
  const { reader, ends } = await streamOfFile(3, 9)
  const { value } = await reader.read()
  expect(Buffer.from(value ?? []).toString()).toBe('lve by')
  expect(await reader.read()).toEqual({ done: true, value: undefined })
  expect(ends()).toBe(1)
})

test('ends early where the file does', async () => {
  const { reader, ends } = await streamOfFile(7, 1000)
  const { value } = await reader.read()
  expect(Buffer.from(value ?? []).toString()).toBe('bytes')
  expect((await reader.read()).done).toBe(true)
  expect(ends()).toBe(1)
})

test('cancelled with a read under way, it says once that it has ended', async () => {
  const { reader, ends } = await streamOfFile(0, 12)
  const reading = reader.read()
  await reader.cancel()
  expect((await reading).done).toBe(true)
  // The read under way comes back to a stream that is gone.
  await new Promise(resolve => setImmediate(resolve))
  expect(ends()).toBe(1)
})
