import { randomUUID } from 'node:crypto'
import {
  AttachmentIntentExpiredError,
  type AttachmentRef,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { repairCopies } from '@lash/attachments-core/maintenance'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeWithServers } from '../../test/programs.ts'
import { type Ground, openGround } from '../src/ground.ts'
import { beginConversation, conversationsOf, finishDeletions, latestRefs } from '../src/host/conversations.ts'
import { saveTurn, takeTurn, type Upload } from '../src/host/turns.ts'
import { verify } from '../src/verify.ts'

describeWithServers('a host', () => {
  let ground: Ground
  let conversation: string
  beforeEach(async () => {
    ground = await openGround(console.log)
    conversation = await newConversation()
  })
  afterEach(() => ground.close())

  async function newConversation(): Promise<string> {
    const id = randomUUID()
    await beginConversation(ground.host.pool, id, 'a worker')
    return id
  }

  function sweep(): Promise<{ reclaimedCount: number }> {
    const { manifest, store } = ground.host
    return reclaimOrphanedAttachments(manifest, store, Date.now())
  }

  async function read(id: string, ref: AttachmentRef): Promise<string> {
    const session = new SessionScopedAttachmentStore(ground.host.store, ground.host.manifest, id)
    return new TextDecoder().decode((await session.get(ref.id)).bytes)
  }

  test('a turn keeps its attachments past a sweep', async () => {
    const outcome = await takeTurn(ground.host, conversation, uploads('one', 'two'), async () => 'answer')
    expect(outcome.putAgain).toBe(0)
    expect((await sweep()).reclaimedCount).toBe(0)
    const refs = await latestRefs(ground.host.pool, conversation, 1)
    expect(refs).toEqual(outcome.saved)
    expect(await Promise.all(refs.map(ref => read(conversation, ref)))).toEqual(['one', 'two'])
  })

  test('a turn that a sweep overtook puts again, and saves the new refs', async () => {
    await takeTurn(ground.host, conversation, uploads('held by an earlier turn'), async () => 'answer')
    const given = uploads('slow', 'slower', 'held by an earlier turn')
    const { saved, putAgain } = await takeTurn(ground.host, conversation, given, async () => {
      expect((await sweep()).reclaimedCount).toBe(2)
      return 'a slow answer'
    })
    expect(putAgain).toBe(3)
    // What the earlier turn holds is still where it was.
    expect(saved?.map(ref => ref.generation)).toEqual([1, 1, undefined])
    expect((await sweep()).reclaimedCount).toBe(0)
    expect(await verify(ground.host)).toMatchObject({ turns: 2, refs: 4, right: 4, disagreements: [] })
  })

  test('a turn that the user stopped saves nothing, and costs earlier turns nothing', async () => {
    await takeTurn(ground.host, conversation, uploads('kept'), async () => 'answer')
    const stopped = await takeTurn(ground.host, conversation, uploads('kept', 'dropped'), async () => undefined)
    expect(stopped.saved).toBeUndefined()
    expect((await sweep()).reclaimedCount).toBe(1)
    expect(await verify(ground.host)).toMatchObject({ turns: 1, refs: 1, right: 1, copies: 1, disagreements: [] })
  })

  test('a turn is not saved without its refs', async () => {
    const { manifest, store } = ground.host
    const id = randomUUID()
    const holder = new SessionScopedAttachmentStore(store, manifest, conversation, { holder: id })
    const [upload] = uploads('expired') as [Upload]
    const attachments = [await holder.put(upload.bytes, upload.meta)]
    await sweep()
    const turn = { id, conversationId: conversation, text: 'too late', attachments }
    await expect(saveTurn(ground.host, turn)).rejects.toBeInstanceOf(AttachmentIntentExpiredError)
    expect(await latestRefs(ground.host.pool, conversation, 1)).toEqual([])
  })

  test('saving a turn twice is saving it once', async () => {
    const { manifest, store, pool } = ground.host
    const id = randomUUID()
    const holder = new SessionScopedAttachmentStore(store, manifest, conversation, { holder: id })
    const [upload] = uploads('twice') as [Upload]
    const attachments = [await holder.put(upload.bytes, upload.meta)]
    const turn = { id, conversationId: conversation, text: 'once', attachments }
    await saveTurn(ground.host, turn)
    await saveTurn(ground.host, turn)
    expect(await latestRefs(pool, conversation, 5)).toEqual(attachments)
  })

  test('a deletion that a crash interrupted is finished, and takes nothing from others', async () => {
    const other = await newConversation()
    await takeTurn(ground.host, conversation, uploads('shared', 'own'), async () => 'answer')
    await takeTurn(ground.host, other, uploads('shared'), async () => 'answer')
    await ground.host.pool.query(`UPDATE conversations SET state = 'deleting' WHERE id = $1`, [conversation])
    expect(await finishDeletions(ground.host, 'a worker')).toBe(1)
    expect((await sweep()).reclaimedCount).toBe(1)
    expect(await conversationsOf(ground.host.pool, 'a worker', 'open')).toEqual([other])
    expect(await verify(ground.host)).toMatchObject({ conversations: 1, refs: 1, right: 1, copies: 1 })
  })

  test('after a restore, a copy at another generation stands in for the one that is missing', async () => {
    const { manifest, store } = ground.host
    const { saved } = await takeTurn(ground.host, conversation, uploads('moved', 'there', 'gone'), async () => 'answer')
    const [moved, , gone] = saved as [AttachmentRef, AttachmentRef, AttachmentRef]
    // As if the manifest were older than the bucket, and did not know the generation that the content has moved on to.
    await store.put(new TextEncoder().encode('moved'), { mediaType: 'text/plain' }, { generation: 3 })
    await store.delete(moved.id, { generation: 0 })
    await store.delete(gone.id)
    const lost = [{ sessionId: conversation, attachmentId: gone.id }]
    expect(await repairCopies(manifest, store)).toMatchObject({ checkedCount: 3, repairedCount: 1, lost })
    expect(await read(conversation, moved)).toBe('moved')
    expect(await repairCopies(manifest, store)).toMatchObject({ checkedCount: 3, repairedCount: 0, lost })
  })

  test('the check names what is lost, and what the manifest does not hold', async () => {
    const { saved } = await takeTurn(ground.host, conversation, uploads('lost', 'released'), async () => 'answer')
    const [lost, released] = saved as [AttachmentRef, AttachmentRef]
    await ground.host.store.delete(lost.id)
    await ground.host.manifest.releaseRefs(conversation, [released.id])
    const { id: stray } = await ground.host.store.put(new TextEncoder().encode('stray'), { mediaType: 'text/plain' })
    const found = await verify(ground.host)
    expect(found.wrong).toEqual(
      expect.arrayContaining([
        { conversationId: conversation, id: lost.id, found: 'unreadable: not_found' },
        { conversationId: conversation, id: released.id, found: 'unreadable: not_found' },
      ]),
    )
    expect(found).toMatchObject({ right: 0, missingCopies: [`${lost.id}, generation 0`] })
    expect(found.unexpectedCopies).toEqual([`${stray}, generation 0`])
    expect(found.disagreements).toEqual([`${conversation} has ${released.id} in a turn and has not committed it`])
  })
})

function uploads(...texts: string[]): Upload[] {
  return texts.map(text => ({ bytes: new TextEncoder().encode(text), meta: { mediaType: 'text/plain' } }))
}
