/**
 * Every durable pair, as `<store>+<manifest>`. `sqlite+sqlite` is one file, `sqlite-sqlite` two, `lmdb+lmdb` one
 * environment.
 */
export const pairNames = [
  'fs+sqlite',
  'sqlite+sqlite',
  'sqlite-sqlite',
  'fs+postgres',
  'sqlite+postgres',
  'postgres+postgres',
  'postgres+sqlite',
  's3+postgres',
  's3+sqlite',
  'lmdb+lmdb',
  'fs+redis',
] as const
export type PairName = (typeof pairNames)[number]

/** Why a pair cannot run here, or undefined when it can. */
export function missingFor(name: PairName): string | undefined {
  if (name.includes('postgres') && !process.env.LASH_TEST_POSTGRES_URL) return 'LASH_TEST_POSTGRES_URL is not set'
  if (name.includes('s3') && !process.env.LASH_TEST_S3_ENDPOINT) return 'LASH_TEST_S3_ENDPOINT is not set'
  if (name.includes('redis') && !process.env.LASH_TEST_REDIS_URL) return 'LASH_TEST_REDIS_URL is not set'
  return undefined
}

/** The pairs that a command line names. Undefined when it asks for the usage or names no known pair. */
export function pairsToRun(names: readonly string[], help: boolean, usage: string): PairName[] | undefined {
  const unknown = names.find(name => !isPairName(name))
  if (unknown !== undefined) console.log(`there is no pair ${unknown}\n`)
  if (unknown === undefined && !help) return names.filter(isPairName)
  console.log(usage)
  process.exitCode = unknown === undefined ? 0 : 2
  return undefined
}

function isPairName(name: string): name is PairName {
  return (pairNames as readonly string[]).includes(name)
}
