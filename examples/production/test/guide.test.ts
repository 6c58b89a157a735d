import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Ground } from '../src/ground.ts'
import { takeTurn } from '../src/host/take-turn.ts'
import { describeWithServers, makeGround } from './with-servers.ts'

const guide = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'guides', 'production.md'), 'utf8')
const queries = [...guide.matchAll(/```sql\n([^`]*)```/g)].map(match => match[1] as string)

describeWithServers('the guide to production', () => {
  let ground: Ground
  beforeAll(async () => {
    ground = await makeGround()
  })
  afterAll(() => ground[Symbol.asyncDispose]())

  test('its queries say what it says that they say', async () => {
    const { host, settings } = ground
    const upload = { bytes: new Uint8Array([1]), meta: { mediaType: 'image/png' } }
    await takeTurn(host, 'a conversation', [upload], async () => undefined)
    const answers: unknown[] = []
    for (const query of queries) {
      const { rows } = await host.pool.query(query.replaceAll('lash_attachments', settings.schema))
      answers.push(...rows)
    }
    expect(answers).toEqual([{ version: 1 }, { refs: '1', oldest: expect.any(Date) }, { claims: '0', oldest: null }])
  })

  test('its start-up call asks both servers, and finds nothing', async () => {
    const { manifest, store } = ground.host
    const nothing = '0'.repeat(64)
    expect(await Promise.all([manifest.lookup('start-up', nothing), store.stat(nothing)])).toEqual([
      undefined,
      undefined,
    ])
  })
})
