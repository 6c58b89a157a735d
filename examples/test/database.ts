import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { onTestFinished } from 'vitest'

/** The URL of an empty database, which is gone when the test is over. */
export async function newDatabase(): Promise<string> {
  const url = new URL(process.env.LASH_TEST_POSTGRES_URL as string)
  const name = `examples_${randomBytes(4).toString('hex')}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  onTestFinished(async () => {
    await client.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await client.end()
  })
  await client.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`)
  url.pathname = `/${name}`
  return url.href
}
