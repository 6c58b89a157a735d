import { Semaphore } from '@lash/attachments-core/backend'
import { expect, test } from 'vitest'

/** Tasks that run until they are told to end. */
function tasks(semaphore: Semaphore) {
  const running = new Map<string, () => void>()
  const begin = (name: string, weight?: number, signal?: AbortSignal) => {
    const task = () => new Promise<string>(resolve => running.set(name, () => resolve(name)))
    const result = semaphore.run(task, weight, signal)
    result.catch(() => {})
    return result
  }
  const end = async (name: string) => {
    running.get(name)?.()
    running.delete(name)
    await new Promise(setImmediate)
  }
  return { begin, end, names: () => [...running.keys()].join(' ') }
}

test('lets as many run as the limit says, and the others as those end, in the order in which they came', async () => {
  const { begin, end, names } = tasks(new Semaphore(2))
  const results = ['a', 'b', 'c', 'd'].map(name => begin(name))
  expect(names()).toBe('a b')
  await end('b')
  expect(names()).toBe('a c')
  await end('a')
  await end('c')
  await end('d')
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd'])
})

test('a task that fails makes room too', async () => {
  const semaphore = new Semaphore(1)
  await expect(semaphore.run(() => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed')
  expect(semaphore.inUse).toBe(0)
  expect(await semaphore.run(async () => 'runs')).toBe('runs')
})

test('weights count; nobody passes one who waits, and what weighs more than the limit runs alone', async () => {
  const semaphore = new Semaphore(10)
  const { begin, end, names } = tasks(semaphore)
  begin('six', 6)
  begin('twenty', 20)
  begin('one', 1)
  expect(names()).toBe('six')
  await end('six')
  expect(names()).toBe('twenty')
  expect(semaphore.inUse).toBe(20)
  await end('twenty')
  expect(names()).toBe('one')
})

test('who is aborted while waiting is not run, and is in nobody’s way', async () => {
  const { begin, end, names } = tasks(new Semaphore(10))
  const abort = new AbortController()
  begin('six', 6)
  const aborted = begin('nine', 9, abort.signal)
  begin('four', 4)
  expect(names()).toBe('six')
  abort.abort(new Error('no longer wanted'))
  await expect(aborted).rejects.toThrow('no longer wanted')
  expect(names()).toBe('six four')
  await end('six')
  expect(names()).toBe('four')
})

test('an abort after the start changes nothing', async () => {
  const { begin, end } = tasks(new Semaphore(1))
  const abort = new AbortController()
  const running = begin('a', 1, abort.signal)
  const next = begin('b', 1, abort.signal)
  await end('a')
  abort.abort()
  expect(await running).toBe('a')
  await end('b')
  expect(await next).toBe('b')
})
