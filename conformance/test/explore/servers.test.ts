import { pairHarness, type SessionHarness } from '@lash/attachments-conformance'
import {
  type Coverage,
  coverageTable,
  exploreSome,
  plans,
  type SeededOptions,
} from '@lash/attachments-conformance/explore'
import { afterAll, describe, test } from 'vitest'
import { fsStoreHarness } from '../harnesses/fs.ts'
import { memoryManifestHarness, memoryStoreHarness } from '../harnesses/memory.ts'
import { postgresManifestHarness, postgresPairHarness, postgresStoreHarness } from '../harnesses/postgres.ts'
import { s3StoreHarness } from '../harnesses/s3.ts'
import { sqliteManifestHarness, sqliteStoreHarness } from '../harnesses/sqlite.ts'
import { missingServer } from '../matrix/columns.ts'

const covered: Coverage[] = []

const s3 = missingServer('s3') === undefined ? s3StoreHarness() : undefined
const manifests = [memoryManifestHarness, sqliteManifestHarness, postgresManifestHarness]

/** The pairs with a server, and how many schedules each runs in a few seconds. */
const pairs: readonly [SessionHarness, SeededOptions][] = [
  ...[memoryStoreHarness, fsStoreHarness, sqliteStoreHarness, postgresStoreHarness].map(
    (store): [SessionHarness, SeededOptions] => [pairHarness(store(), postgresManifestHarness()), { schedules: 12 }],
  ),
  ...[memoryManifestHarness, sqliteManifestHarness].map((manifest): [SessionHarness, SeededOptions] => [
    pairHarness(postgresStoreHarness(), manifest()),
    { schedules: 12 },
  ]),
  [postgresPairHarness(), { schedules: 12 }],
  ...(s3 === undefined
    ? []
    : manifests.map((manifest): [SessionHarness, SeededOptions] => [pairHarness(s3, manifest()), { schedules: 5 }])),
]

describe('schedules chosen at random', () => {
  for (const [harness, options] of pairs) {
    test(`on ${harness.name}`, async () => {
      covered.push(await exploreSome(harness, options))
    }, 300_000)
  }

  test('of plans with purges and jumps of clocks, on memory x postgres', async () => {
    const harness = pairHarness(memoryStoreHarness(), postgresManifestHarness())
    try {
      for (const plan of plans.filter(({ requires }) => requires?.includes('clock'))) {
        covered.push(await exploreSome(harness, { schedules: 10, plan }))
      }
    } finally {
      await harness.cleanup()
    }
  }, 300_000)

  test('while hosts hold their transactions open, on memory x postgres', async () => {
    const harness = pairHarness(memoryStoreHarness(), postgresManifestHarness())
    try {
      covered.push(await exploreSome(harness, { schedules: 40, transactions: 'held' }))
    } finally {
      await harness.cleanup()
    }
  }, 300_000)
})

afterAll(async () => {
  console.log(`\n${coverageTable(covered)}\n`)
  for (const [harness] of pairs) await harness.cleanup()
})
