import { Hash } from 'node:crypto'
import { contentId, PortableAttachmentStore } from '@lash/attachments-core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { driver } from '../driver.ts'

const chunks = [1, 2, 3, 4].map(value => new Uint8Array(1000).fill(value))
const whole = Buffer.concat(chunks)
const id = contentId(whole)
const meta = { id, mediaType: 'a/b', byteLength: whole.byteLength }

/** A store with one blob, whose chunks it counts when they are asked for. */
function counting() {
  const source = { asked: 0 }
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const chunk = chunks[source.asked++]
          if (chunk === undefined) controller.close()
          else controller.enqueue(chunk)
        },
      },
      { highWaterMark: 0 },
    )
  return { source, store: new PortableAttachmentStore(driver({ read: async () => ({ meta, body: body() }) })) }
}

test('while a chunk is hashed, the next is under way', async () => {
  const { source, store } = counting()
  const askedAtHash: number[] = []
  const { update } = Hash.prototype
  vi.spyOn(Hash.prototype, 'update').mockImplementation(function noting(this: Hash, ...given: unknown[]) {
    askedAtHash.push(source.asked)
    return Reflect.apply(update, this, given)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  const { body } = await store.stream(id)
  for await (const _ of body);
  expect(askedAtHash).toEqual([2, 3, 4, 5])
})

test('nothing is asked for before it is read, and then one chunk more: the last is held back', async () => {
  const { source, store } = counting()
  const { body } = await store.stream(id)
  expect(source.asked).toBe(0)
  const reader = body.getReader()
  for (const chunk of chunks) {
    expect((await reader.read()).value).toEqual(chunk)
    expect(source.asked).toBe(1 + chunks.indexOf(chunk) + 1)
  }
  expect((await reader.read()).done).toBe(true)
})
