import { type PostgresServer, startPostgres } from '../postgres/server.ts'
import { type RedisServer, startRedis } from '../redis/server.ts'
import { type S3Service, s3Environment, startS3 } from '../s3/server.ts'

/*
 * For people who develop: starts the servers of the tests, says how to reach them, and stops them at Ctrl-C or SIGTERM.
 * What it prints to the standard output is shell, so that it can be pasted or read from a file as it is.
 */

const interrupted = new Promise<void>(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
})

const postgresHint = 'set LASH_TEST_POSTGRES_URL to a server of yours'
const [postgres, s3] = await Promise.all([orNothing('PostgreSQL', postgresHint, startPostgres), startS3OrSay()])
const redis = await orNothing('Redis', undefined, () => startRedis(line => console.log(`# ${line}`)))
if (postgres !== undefined) printPostgres(postgres)
if (s3 !== undefined) printS3(s3)
if (redis !== undefined) printRedis(redis)
if (postgres === undefined && s3 === undefined && redis === undefined) process.exit(1)

console.log('\n# Press Ctrl-C to stop.')
await keepingAlive(interrupted)
await Promise.all([postgres?.stop(), s3?.stop(), redis?.stop()])

async function startS3OrSay(): Promise<S3Service | undefined> {
  return orNothing('S3', undefined, () => startS3(line => console.log(`# ${line}`)))
}

/** One server that cannot be had is no reason to go without the other. */
async function orNothing<T>(name: string, hint: string | undefined, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start()
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n', 1)
    console.log(`# ${name}: ${reason}${hint === undefined ? '' : `; ${hint}`}`)
    return undefined
  }
}

function printPostgres({ url, own }: PostgresServer): void {
  console.log(`\n# PostgreSQL, ${own ? 'private and empty, gone when this ends' : 'as the environment says'}`)
  console.log(`export LASH_TEST_POSTGRES_URL=${quoted(url)}`)
  console.log(`# psql ${quoted(url)}`)
}

function printS3(service: S3Service): void {
  const { endpoint, bucket, accessKeyId, secretAccessKey, region } = service
  const given = Boolean(process.env.LASH_TEST_S3_ENDPOINT)
  console.log(`\n# S3, ${given ? 'as the environment says' : 'private and empty, in memory, gone when this ends'}`)
  for (const [name, value] of Object.entries(s3Environment(service))) console.log(`export ${name}=${quoted(value)}`)
  const credentials = `AWS_ACCESS_KEY_ID=${quoted(accessKeyId)} AWS_SECRET_ACCESS_KEY=${quoted(secretAccessKey)}`
  const place = `--region ${quoted(region)} --endpoint-url ${quoted(endpoint)}`
  console.log(`# ${credentials} aws ${place} s3 ls --recursive ${quoted(`s3://${bucket}`)}`)
}

function printRedis({ url }: RedisServer): void {
  const given = Boolean(process.env.LASH_TEST_REDIS_URL)
  console.log(`\n# Redis, ${given ? 'as the environment says' : 'private and empty, gone when this ends'}`)
  console.log(`export LASH_TEST_REDIS_URL=${quoted(url)}`)
  console.log(`# redis-cli -u ${quoted(url)}`)
}

/** As one word of a shell, where it needs quotes. */
function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}

/** Neither a promise nor a listener for a signal keeps a process running. */
async function keepingAlive(until: Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, 2 ** 30)
  await until
  clearInterval(timer)
}
