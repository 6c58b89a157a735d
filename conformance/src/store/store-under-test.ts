import type { AttachmentId, AttachmentRef, AttachmentStore } from '@lash/attachments-core'
import { type Rule, ruleGroup, type StoreCase } from '../case.ts'
import { ChildProcess } from '../child/child-process.ts'
import type { Capability, Damage, StoreFixture } from '../harness.ts'
import { type CaseContext, provided } from '../run/context.ts'
import { plain, sampleBytes, webStream } from '../run/samples.ts'

/** A store, fresh and empty, and what a case does to it beside calling it. */
export interface StoreUnderTest {
  readonly store: AttachmentStore
  readonly fixture: StoreFixture
  /** Puts sample bytes from an array. */
  putSample(length: number, seed?: number): Promise<StoredSample>
  /** Puts sample bytes from a stream. */
  streamSample(length: number, seed?: number): Promise<StoredSample>
  /** Damages the copy behind the back of the store. Default: generation 0. */
  corrupt(id: AttachmentId, damage: Damage, generation?: number): Promise<void>
  /** Does the work while access is denied, the backend is out of reach, or it does not answer. */
  during(trouble: 'deny' | 'disconnect' | 'stall', work: () => Promise<void>): Promise<void>
  /** Another instance over the same data. It is closed after the case. */
  reopen(): Promise<AttachmentStore>
  /** Another process that has the same data open. It is killed after the case. */
  startProcess(): Promise<ChildProcess<'store'>>
  /** Another store, fresh and empty. */
  another(): Promise<StoreUnderTest>
  /** Has another fixture used, fresh and empty too, and disposes of it at once. */
  withFresh(use: (fixture: StoreFixture) => Promise<void>): Promise<void>
  /** Whether the harness has the capability, for a case that can check more then. */
  has(capability: Capability): boolean
}

export interface StoredSample {
  readonly id: AttachmentId
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly ref: AttachmentRef
}

export interface StoreRule extends Rule<StoreUnderTest> {
  /** Largest body that the store of the case takes. */
  readonly maxByteLength?: number
}

/** Makes the cases of one group of the store contract. */
export function storeGroup(group: string, rules: Readonly<Record<string, StoreRule>>): readonly StoreCase[] {
  return ruleGroup('store', group, rules, openStore)
}

async function openStore(
  context: CaseContext<StoreFixture>,
  { maxByteLength }: Pick<StoreRule, 'maxByteLength'> = {},
): Promise<StoreUnderTest> {
  const fixture = await context.create(maxByteLength === undefined ? undefined : { maxByteLength })
  const { store } = fixture
  const put = async (bytes: Uint8Array<ArrayBuffer>, streamed: boolean) => {
    const ref = await store.put(streamed ? webStream(bytes) : bytes, plain)
    return { id: ref.id, bytes, ref }
  }
  return {
    store,
    fixture,
    putSample: (length, seed) => put(sampleBytes(length, seed), false),
    streamSample: (length, seed) => put(sampleBytes(length, seed), true),
    corrupt: (id, damage, generation) => provided(fixture.corrupt, 'corrupt').call(fixture, id, damage, generation),
    async during(trouble, work) {
      const restore = await provided(fixture[trouble], trouble).call(fixture)
      try {
        await work()
      } finally {
        await restore()
      }
    },
    reopen: async () => context.use(await provided(fixture.reopen, 'reopen').call(fixture)),
    startProcess: async () => context.use(await ChildProcess.start('store', provided(fixture.child, 'child'))),
    another: () => openStore(context),
    withFresh: use => context.withFresh(use),
    has: capability => context.has(capability),
  }
}
