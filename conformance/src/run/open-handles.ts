import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { soon } from './soon.ts'

/** How many file handles and sockets this process has open. It is 0 where the system cannot tell: all but Linux. */
export async function openHandles(): Promise<number> {
  return readdir('/proc/self/fd').then(
    names => names.length,
    () => 0,
  )
}

/** Fails when so many more than `before` stay open. Files close on other threads, which a busy machine may delay. */
export async function handlesAreClosed(before: number, tooMany: number, what: string): Promise<void> {
  const left = await soon(
    async () => (await openHandles()) - before,
    open => open < tooMany,
  )
  assert.ok(left < tooMany, `${left} handles are still open ${what}`)
}
