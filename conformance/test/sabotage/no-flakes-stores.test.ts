import { setImmediate as turn } from 'node:timers/promises'
import { casesFor, runCase } from '@lash/attachments-conformance'
import { PortableAttachmentStore } from '@lash/attachments-core'
import { expect, test } from 'vitest'
import { memoryStoreHarness } from '../harnesses/memory.ts'
import { testForFlakes } from './no-flakes.ts'
import { ShelfDriver } from './stores/shelf.ts'
import { shelfHarness } from './stores/shelf-harness.ts'

testForFlakes(memoryStoreHarness())

/** As a server that has the request already when its caller gives up. */
class CarriesOutLate extends ShelfDriver {
  lateTurns = 0

  override async remove(...[keys, options]: Parameters<ShelfDriver['remove']>): Promise<void> {
    await turn()
    if (options?.signal?.aborted) void this.#removeLater(keys)
    options?.signal?.throwIfAborted()
    await super.remove(keys)
  }

  async #removeLater(keys: Parameters<ShelfDriver['remove']>[0]): Promise<void> {
    for (let turns = 0; turns < this.lateTurns; turns++) await turn()
    await super.remove(keys)
  }
}

test.each([1, 5, 9, 10, 11, 12, 13, 20, 40])(
  'a server that carries out an aborted delete once, %i turns late, has no defect',
  async lateTurns => {
    const harness = shelfHarness('late', (shelf, options) => {
      const driver = Object.assign(new CarriesOutLate(shelf), { lateTurns })
      return new PortableAttachmentStore(driver, options)
    })
    const tested = casesFor(harness).find(({ id }) => id === 'store/abort/mid-delete')
    const outcome = tested && (await runCase(harness, tested))
    expect(outcome?.error).toBeUndefined()
    expect(outcome?.status).toBe('passed')
  },
)
