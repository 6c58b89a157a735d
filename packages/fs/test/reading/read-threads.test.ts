import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf } from '@lash/attachments-testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newRoot } from '../root.ts'

const child = new URL('../children/many-reads.ts', import.meta.url)
const whole = Array.from({ length: 8 }, () => 'whole')
const with2And3 = (second: string, third: string) => whole.with(1, second).with(2, third)
/** With one processor, nothing is read on threads. */
const hasThreads = availableParallelism() > 1

test.skipIf(!hasThreads)('of many big reads at once, other threads take all but one', async () => {
  const lines = await linesOf(child, [newRoot(), 'works'])
  expect(lines.map(line => JSON.parse(line))).toEqual([
    ['alone', 0],
    ['together', ...whole],
    ['damaged', ...with2And3('corrupt', 'corrupt')],
    ['not compared', ...with2And3('other bytes', 'corrupt'), 0],
    ['threads are lost', ...whole],
    ['others take their place', ...whole],
  ])
})

test.skipIf(!hasThreads).each(['throws', 'ends'])('where threads do not work, none is needed (%s)', async how => {
  const lines = (await linesOf(child, [newRoot(), how])).map(line => JSON.parse(line))
  expect(lines.slice(1, -1)).not.toEqual([])
  for (const line of lines.slice(1, -1)) expect(line).toEqual(['together', ...whole])
  expect([lines[0], lines.at(-1)]).toEqual([
    ['alone', 0],
    ['more threads', 0],
  ])
})

test.skipIf(!hasThreads)('threads that have nothing to do end', async () => {
  const threads = new Set<Worker>()
  const onWorker = (worker: Worker) => void threads.add(worker)
  process.on('worker', onWorker)
  onTestFinished(() => void process.off('worker', onWorker))
  // However busy the machine is, the disk does not seem slow.
  vi.spyOn(performance, 'now').mockReturnValue(0)
  onTestFinished(() => void vi.restoreAllMocks())
  await using store = new FileAttachmentStore(newRoot(), { durability: 'relaxed' })
  const { id } = await store.put(new Uint8Array(300_000), { mediaType: 'a/b' })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  await Promise.all([store.get(id), store.get(id)])
  const ended = [...threads].map(thread => once(thread, 'exit'))
  expect(ended).not.toEqual([])
  vi.advanceTimersByTime(60_000)
  await Promise.all(ended)
})
