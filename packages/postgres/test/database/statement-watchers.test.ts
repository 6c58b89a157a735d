import { PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expectBytes } from '@lash/attachments-testing'
import pg from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { wholeLife } from '../calls.ts'
import { bytesOf, closing, freshSchema, idOf, poolOf, text } from '../server.ts'

/** What tools do with a statement that they watch for a host. */
const watchers: Record<string, (statement: object) => object> = {
  'puts a proxy in place of each statement': statement => new Proxy(statement, {}),
  'puts an object that inherits from it in place of each statement': statement => Object.create(statement),
  'wraps the callback and writes into the text': statement => {
    const query = statement as { text: unknown; callback?: (...results: unknown[]) => void }
    if (query.callback === undefined && 'submit' in query) throw new Error('a statement without a callback')
    const { text, callback } = query
    if (typeof text !== 'string') throw new Error('a statement without a text')
    query.text = `${text} /* watched */`
    if (callback) query.callback = (...results) => callback(...results)
    return query
  },
}

test.each(Object.entries(watchers))(
  'a tool that watches the statements of a host and %s changes nothing',
  async (_, watch) => {
    class Watched extends pg.Client {
      override query(...given: unknown[]): never {
        const [statement, ...others] = given
        const seen = typeof statement === 'object' && statement !== null ? watch(statement) : statement
        return (super.query as (...args: unknown[]) => never)(seen, ...others)
      }
    }
    const { schema, url } = await freshSchema()
    const pool = poolOf(url, { Client: Watched } as pg.PoolConfig)
    await wholeLife(pool, schema)
    const store = closing(new PostgresAttachmentStore({ pool, schema }))
    const bytes = bytesOf('big', 5_000_000)
    const { id } = await store.put(bytes, text)
    expectBytes((await store.get(id)).bytes, bytes)
  },
)

test('a query_timeout leaves no timer behind a COPY that is done', async () => {
  const { schema, url } = await freshSchema()
  const pool = poolOf(url, { query_timeout: 654_321 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.stat(idOf('a'))
  const [started, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')]
  onTestFinished(() => void vi.restoreAllMocks())
  const { id } = await store.put(bytesOf('big', 5_000_000), text)
  await store.get(id)
  const timers = started.mock.results.filter((_, call) => started.mock.calls[call]?.[1] === 654_321)
  expect(timers.length).toBeGreaterThan(0)
  for (const { value } of timers) expect(cleared).toHaveBeenCalledWith(value)
})
