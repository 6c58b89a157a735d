import { once } from 'node:events'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { openSqliteAttachments, SqliteSessionFactory } from '@lash/attachments-sqlite'
import { linesOf, newFolder } from '@lash/attachments-testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'application/octet-stream' }

/**
 * The threads that this process starts from now on, as long as they run: one that writes and, where the machine is so
 * busy that reads are slow, one that reads.
 */
function runningThreads(): Set<Worker> {
  const running = new Set<Worker>()
  const onWorker = (worker: Worker) => {
    running.add(worker)
    worker.once('exit', () => running.delete(worker))
  }
  process.on('worker', onWorker)
  onTestFinished(() => void process.off('worker', onWorker))
  return running
}

test('the sessions of a process share one thread, which ends with the last of them', async () => {
  const threads = runningThreads()
  const factory = new SqliteSessionFactory(join(newFolder(), 'sessions'))
  const sessions = await Promise.all(Array.from({ length: 40 }, (_, index) => factory.create(`session ${index}`)))
  const bytes = (index: number) => new Uint8Array(300_000).fill(index)
  const refs = await Promise.all(sessions.map((session, index) => session.put(bytes(index), meta)))
  expect(threads.size).toBeOneOf([1, 2])
  // Again, after the thread has closed most of its connections.
  await Promise.all(sessions.map((session, index) => session.put(bytes(100 + index), meta)))
  for (const [index, session] of sessions.entries()) {
    const { id } = refs[index] as { id: string }
    expect(Buffer.compare((await session.get(id)).bytes, bytes(index))).toBe(0)
  }
  const [last, ...others] = sessions
  await Promise.all(others.map(session => session.close()))
  expect(threads.size).toBeOneOf([1, 2])
  await last?.close()
  expect(threads.size).toBe(0)
})

test('a thread that has nothing to do ends, and another takes its place when it is needed', async () => {
  const threads = runningThreads()
  const { store, close } = openSqliteAttachments(newPath())
  onTestFinished(() => close())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  await store.put(new Uint8Array(300_000), meta)
  const ended = Promise.all([...threads].map(thread => once(thread, 'exit')))
  vi.advanceTimersByTime(60_000)
  await ended
  expect(threads.size).toBe(0)
  vi.useRealTimers()
  const { id } = await store.put(new Uint8Array(300_001), meta)
  expect(threads.size).toBeOneOf([1, 2])
  expect((await store.get(id)).bytes).toHaveLength(300_001)
})

test('a session whose file is locked does not hold up another', async () => {
  const factory = new SqliteSessionFactory(join(newFolder(), 'sessions'))
  const [locked, free] = [await factory.create('locked'), await factory.create('free')]
  onTestFinished(async () => {
    await Promise.all([locked.close(), free.close()])
  })
  const raw = rawDatabase(locked.path)
  raw.exec('BEGIN IMMEDIATE')
  let done = false
  const waiting = locked.put(new Uint8Array(300_000), meta).finally(() => {
    done = true
  })
  for (let index = 0; index < 5; index++) await free.put(new Uint8Array(300_000).fill(index), meta)
  expect(done).toBe(false)
  raw.exec('ROLLBACK')
  await waiting
})

test('a process that leaves everything open ends by itself', async () => {
  const path = newPath()
  expect(await linesOf(new URL('../children/leave-open.ts', import.meta.url), [path])).toEqual(['put'])
})

test.each(['throws', 'ends'])('where threads do not work, everything is written without one (%s)', async how => {
  const child = new URL('../children/without-threads.ts', import.meta.url)
  expect(await linesOf(child, [newPath(), how])).toEqual(['9000000'])
})
