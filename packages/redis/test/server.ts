import { AttachmentBackendError, type AttachmentIntent, contentId } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { FaultProxy } from '@lash/attachments-testing/postgres'
import { type FreshPrefix, RedisGround } from '@lash/attachments-testing/redis'
import { afterAll, expect, onTestFinished } from 'vitest'

const ground = new RedisGround()
afterAll(() => ground.cleanup())

/** Why the tests that need a server cannot run. */
export const noServer: string | undefined = process.env.LASH_TEST_REDIS_URL ? undefined : 'there is no Redis server'

/** A prefix for one test. */
export async function freshPrefix(): Promise<FreshPrefix> {
  const fresh = await ground.freshPrefix()
  onTestFinished(() => fresh.drop())
  return fresh
}

/** The same behind a proxy that can cut and stall connections. */
export async function proxiedPrefix(): Promise<FreshPrefix & { proxy: FaultProxy }> {
  const fresh = await freshPrefix()
  const proxy = await FaultProxy.before(fresh.url)
  onTestFinished(() => proxy.close())
  return { ...fresh, url: proxy.url(fresh.url), proxy }
}

/** Closed after the test, even when it fails. */
export function closing<T extends { close(): Promise<void> }>(closable: T): T {
  onTestFinished(() => closable.close())
  return closable
}

export function idOf(name: string): string {
  return contentId(new TextEncoder().encode(name))
}

export function intentOf(name: string, sessionId: string): AttachmentIntent {
  const attachmentId = idOf(name)
  return {
    attachmentId,
    sessionId,
    canonicalUri: canonicalUri(attachmentId),
    byteLength: name.length,
    intentAtEpochMs: Date.now(),
  }
}

/** What the promise rejects with, which must be an AttachmentBackendError without the password of the URL. */
export async function failureOf(promise: Promise<unknown>, url: string): Promise<AttachmentBackendError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    error => error,
  )
  expect(error).toBeInstanceOf(AttachmentBackendError)
  expectNoPassword(error, url)
  return error
}

/** Whatever a log shows of an error, causes included. */
export function expectNoPassword(error: unknown, url: string): void {
  const { password } = new URL(url)
  for (let shown = error; shown instanceof Error; shown = shown.cause) {
    expect(`${shown.stack} ${JSON.stringify(shown)}`).not.toContain(password)
  }
}
