import {
  AttachmentBackendError,
  contentId,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { AttachmentRejectedError } from '@lash/attachments-http'
import { sampleBytes } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { expectNoTraces, expectProblem, formOf, get, openGround, post, refsOf, traces } from './ground.ts'

const first = { bytes: 'first', name: 'first.txt', type: 'text/plain' }
const second = { bytes: 'second', name: 'second.txt', type: 'text/plain' }
const big = { bytes: sampleBytes(5000), name: 'big.bin' }
const idOf = (text: string) => contentId(new TextEncoder().encode(text))

test('a request that fails takes nothing from what the holder had before', async () => {
  const ground = openGround({ maxByteLength: 1000 })
  await refsOf(await post(ground, formOf(first)))
  const before = await traces(ground)
  await expectProblem(await post(ground, formOf(first, second, big)), 413, 'too_large')
  expect(await traces(ground)).toEqual(before)
  expect(before.refs).toEqual([`draft ${idOf('first')}*`])
})

test('nor what another request puts meanwhile', async () => {
  const ground = openGround({ maxByteLength: 1000 })
  const { handler } = ground
  let meanwhile: Promise<Response> | undefined
  const inspecting = openGround({
    session: () => new SessionScopedAttachmentStore(ground.store, ground.manifest, 'chat', { holder: 'draft' }),
    maxByteLength: 1000,
    inspect: async (_content, { label }) => {
      // The first file has been put aside by now.
      if (label !== 'third.txt') return
      meanwhile = post({ ...ground, handler }, formOf(first))
      await meanwhile
      throw new AttachmentRejectedError('not this one')
    },
  })
  const third = { bytes: 'third', name: 'third.txt', type: 'text/plain' }
  await expectProblem(await post(inspecting, formOf(first, second, third)), 422, 'rejected')
  const [ref] = await refsOf((await meanwhile) as Response)
  expect((await traces(ground)).refs).toEqual([`draft ${ref?.id}*`])
  expect((await ground.draft.get(idOf('first'))).bytes.byteLength).toBe(5)
})

test('what was answered with 201 is safe from sweeps', async () => {
  const ground = openGround()
  const refs = await refsOf(await post(ground, formOf(first, second)))
  await reclaimOrphanedAttachments(ground.manifest, ground.store, Date.now() + 1000)
  for (const { id } of refs) expect((await get(ground, id)).status).toBe(200)
})

test('with commit: false a sweep may take it, until the host has committed it', async () => {
  const ground = openGround({ commit: false })
  const [kept, lost] = await refsOf(await post(ground, formOf(first, second)))
  expect((await traces(ground)).refs).toEqual([`draft ${kept?.id}`, `draft ${lost?.id}`].sort())
  await ground.draft.commit({ refs: [kept as NonNullable<typeof kept>] })
  await reclaimOrphanedAttachments(ground.manifest, ground.store, Date.now() + 1000)
  expect((await get(ground, kept?.id as string)).status).toBe(200)
  await expectProblem(await get(ground, lost?.id as string), 404, 'not_found')
})

test.each([1, 2])('a commit of the host that fails leaves nothing of %i files', async count => {
  const ground = openGround({
    commit: refs => {
      expect(refs).toHaveLength(count)
      throw new AttachmentRejectedError('this chat is full')
    },
  })
  const response = await post(ground, formOf(...[first, second].slice(0, count)))
  expect(await expectProblem(response, 422, 'rejected')).toBe('this chat is full')
  await expectNoTraces(ground)
})

test('a commit that fails after it has committed loses nothing', async () => {
  const ground = openGround({
    commit: async (refs, { session }) => {
      await session.commit({ refs })
      throw new Error('the answer of the database was lost')
    },
  })
  await expectProblem(await post(ground, formOf(first)), 500, 'internal')
  expect((await traces(ground)).refs).toEqual([`draft ${idOf('first')}*`])
  expect((await get(ground, idOf('first'))).status).toBe(200)
})

test.each([1, 2])('a store that fails at file %i of two leaves nothing, and tells nobody why', async failing => {
  const ground = openGround()
  const { put } = ground.store
  let puts = 0
  ground.store.put = async (...args) => {
    puts++
    if (puts === failing) throw new AttachmentBackendError('disk /secret/path is full')
    return put.apply(ground.store, args)
  }
  const response = await post(ground, formOf(first, second))
  expect(await expectProblem(response, 500, 'backend')).not.toContain('secret')
  expect(ground.errors).toMatchObject([{ code: 'backend' }])
  await expectNoTraces(ground)
})

test('an upload that is swept before its commit is refused', async () => {
  const ground = openGround({
    commit: async (refs, { session }) => {
      await reclaimOrphanedAttachments(session.manifest, session.inner, Date.now() + 1000)
      await session.commit({ refs })
    },
  })
  await expectProblem(await post(ground, formOf(first)), 409, 'intent_expired')
  await expectNoTraces(ground)
})

test('a file that is swept while the next one comes is asked for again', async () => {
  const ground = openGround({
    inspect: async (_content, { label }) => {
      if (label !== 'third.txt') return
      await reclaimOrphanedAttachments(ground.manifest, ground.store, Date.now() + 1000)
    },
  })
  const third = { bytes: 'third', name: 'third.txt', type: 'text/plain' }
  await expectProblem(await post(ground, formOf(first, second, third)), 409, 'intent_expired')
  await expectNoTraces(ground)
})

test('a view that lives on has nothing pending after an upload, failed or not', async () => {
  const ground = openGround()
  let isFull = false
  const keeping = openGround({
    session: () => ground.draft,
    commit: (refs, { session }) => {
      if (isFull) throw new AttachmentRejectedError('full')
      return session.manifest.commitRefs('chat', refs, { holder: 'draft' })
    },
  })
  await refsOf(await post(keeping, formOf(first, second)))
  isFull = true
  await expectProblem(await post(keeping, 'third'), 422, 'rejected')
  expect(ground.draft.pendingRefs()).toEqual([])
})
