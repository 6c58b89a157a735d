import assert from 'node:assert/strict'
import { AttachmentClosedError, AttachmentNotFoundError } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { rejectsWithReason } from '../../run/expect.ts'
import { failingWith } from '../interception.ts'
import { sessionGroup } from '../pair-under-test.ts'

const isNotFound = (error: unknown) => AttachmentNotFoundError.isInstance(error)

export const faultCases: readonly SessionCase[] = sessionGroup('faults and close', {
  'moved-while-reading': {
    title: 'a read during which a sweep takes the bytes and the session puts them again reads the new copy',
    async run({ session, sweep, stall }) {
      const writing = session()
      await writing.putText('a')
      const reading = await stall('before get', pair => pair.session().get(idOf('a')))
      await sweep()
      assert.equal((await writing.hold('a')).generation, 1)
      assert.equal(new TextDecoder().decode((await reading.goOn()).bytes), 'a')
    },
  },
  'gone-while-reading': {
    title: 'a read during which a sweep takes the bytes finds nothing when nobody holds them any more',
    async run({ session, sweep, stall }) {
      await session().putText('a')
      const reading = await stall('before get', pair => pair.session().get(idOf('a')))
      await sweep()
      await assert.rejects(reading.goOn(), isNotFound)
    },
  },
  'bytes-missing': {
    title: 'when the bytes of a ref that the session holds are gone, a read finds nothing and does not search for ever',
    async run({ store, session }) {
      const holding = session()
      await holding.hold('a')
      await store.delete(idOf('a'))
      await assert.rejects(holding.get(idOf('a')), isNotFound)
      assert.equal(await holding.stat(idOf('a')), undefined)
      await holding.hold('a')
      await holding.mustRead('a', 'healed by putting it again')
    },
  },
  'delete-fails-midway': {
    title: 'a delete that fails after its release is finished by a sweep, and the session cannot read meanwhile',
    async run({ intercepted, takeOverSweep, blobs }) {
      const cause = new Error('permission denied')
      const deleting = intercepted({ delete: failingWith(cause) }).session()
      await deleting.hold('a')
      await rejectsWithReason(deleting.delete(idOf('a')), cause, 'delete')
      await deleting.mustNotFind('a', 'released')
      await takeOverSweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  'delete-of-another-generation': {
    title: 'deleting a generation that the session does not hold does nothing',
    async run({ session }) {
      const holding = session()
      await holding.hold('a')
      await holding.delete(idOf('a'), { generation: 1 })
      await holding.mustRead('a', 'held at generation 0')
      await holding.delete(idOf('a'), { generation: 0 })
      await holding.mustNotFind('a', 'deleted')
    },
  },
  'manifest-down': {
    title: 'when the manifest fails, reads fail with its error and do not say that there is nothing',
    async run({ session, intercepted }) {
      await session().hold('a')
      const cause = new Error('the manifest is down')
      const reading = intercepted({ lookup: failingWith(cause) }).session()
      await rejectsWithReason(reading.get(idOf('a')), cause, 'get')
      await rejectsWithReason(reading.stat(idOf('a')), cause, 'stat')
    },
  },
  'closes-alone': {
    title: 'closing the view of one session leaves the store, the manifest and other sessions open',
    async run({ session }) {
      const closing = session()
      await closing.putText('a')
      await closing.close()
      await closing.close()
      const isClosed = (error: unknown) => AttachmentClosedError.isInstance(error)
      await assert.rejects(closing.putText('b'), isClosed)
      await assert.rejects(closing.get(idOf('a')), isClosed)
      await assert.rejects(closing.commit(), isClosed)
      await assert.rejects(closing.release(), isClosed)
      await session().mustRead('a', 'in a new view of the same session')
      await session('other').hold('a')
    },
  },
})
