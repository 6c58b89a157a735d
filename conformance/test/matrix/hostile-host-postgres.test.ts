import { type ConformanceCase, manifestCases, storeCases } from '@lash/attachments-conformance'
import { testManifest, testSession, testStore } from '@lash/attachments-conformance/vitest'
import pg from 'pg'
import { test } from 'vitest'
import { postgresManifestHarness, postgresPairHarness, postgresStoreHarness } from '../harnesses/postgres.ts'

/*
 * Runs the kit in a process whose host has changed `pg` for everybody. Every parser of results throws, the global
 * ones and those of each client. Results are asked for in binary form. Each connection has settings that change how the
 * server reads and writes values.
 */

/** Every type that a statement could return, and the arrays of them. */
const oids = [
  ...[16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 700, 701, 705, 1043, 1114, 1184, 1700, 2950, 3802],
  ...[1000, 1001, 1005, 1007, 1009, 1016, 1231, 2951],
]

function refuse(): never {
  throw new Error('a parser of the host has been called')
}

for (const oid of oids) {
  pg.types.setTypeParser(oid, 'text', refuse)
  pg.types.setTypeParser(oid, 'binary', refuse)
}
Object.assign(pg.defaults, { binary: true, parseInputDatesAsUTC: true })

const settings = {
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  DateStyle: 'SQL,\\ DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  extra_float_digits: '-5',
  default_transaction_isolation: 'serializable',
  row_security: 'off',
}

const poolConfig: pg.PoolConfig & { binary: boolean } = {
  binary: true,
  types: { getTypeParser: () => refuse as never },
  options: Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' '),
}

/** Crowds and races send the same statements as other cases. */
const elsewhere = [
  'crowds',
  'staggered',
  'instances',
  'histories',
  'sizes',
  'sources',
  'ownership',
  'many at once',
  'concurrency',
]
const isOfResults = ({ group }: ConformanceCase) => !elsewhere.includes(group)

if (process.env.LASH_TEST_POSTGRES_URL) {
  testStore(postgresStoreHarness({ givenPool: true, poolConfig }), storeCases.filter(isOfResults))
  testManifest(postgresManifestHarness({ poolConfig }), manifestCases.filter(isOfResults))
  testSession(postgresPairHarness({ poolConfig }))
} else {
  test.skip('postgres in a hostile host: there is no server, LASH_TEST_POSTGRES_URL is not set', () => {})
}
