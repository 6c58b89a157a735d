/**
 * Runs sessions, chats with drafts, messages and forks, and sweepers without grace over a few shared contents, on a
 * real PostgreSQL server that can be restarted meanwhile. The manifest forgets what is reclaimed after a moment. Counts
 * what must never happen: a committed ref that cannot be read, and a commit on missing bytes.
 *
 *   node conformance/stress/postgres-manifest.ts
 *     [--seconds 60] [--seed 1] [--restarts 0] [--sessions 16] [--chats 8] [--sweepers 4] [--contents 50]
 */
import { parseArgs } from 'node:util'
import { Random } from '@lash/attachments-conformance/explore'
import { reclaimOrphanedAttachments, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { startPostgres, startPrivatePostgres } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { ChatActor } from './chat-actor.ts'
import { pause } from './server-failures.ts'
import { SessionActor, type World } from './session-actor.ts'
import { SweeperActor } from './sweeper-actor.ts'
import { Tally } from './tally.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    restarts: { type: 'string', default: '0' },
    sessions: { type: 'string', default: '16' },
    chats: { type: 'string', default: '8' },
    sweepers: { type: 'string', default: '4' },
    contents: { type: 'string', default: '50' },
  },
})
const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])) as Record<
  keyof typeof values,
  number
>

const tally = new Tally()
const server = options.restarts > 0 ? await startPrivatePostgres() : await startPostgres()
const schema = `stress_${process.pid}`
const [pool, host] = [40, 16].map(max => {
  const made = new pg.Pool({ connectionString: server.url, max })
  made.on('error', () => {})
  return made
}) as [pg.Pool, pg.Pool]
host.options.options = `-c search_path=${schema}`
const store = new PostgresAttachmentStore({ pool, schema })
const manifest = new PostgresAttachmentManifest({ pool, schema, tombstoneRetentionMs: 50 })

try {
  await store.stat('0'.repeat(64))
  await host.query('CREATE TABLE turns (turn text PRIMARY KEY)')
  const started = Date.now()
  const world: World = {
    store,
    manifest,
    host,
    contents: contentsOf(options.contents, new Random(options.seed)),
    tally,
    over: () => Date.now() - started >= options.seconds * 1000,
  }
  const sessions = numbers(options.sessions).map(
    index => new SessionActor(world, new Random(options.seed * 1000 + index), `session ${index}`),
  )
  const sweepers = numbers(options.sweepers).map(
    index => new SweeperActor(world, new Random(options.seed * 1000 + 500 + index)),
  )
  const chats = numbers(options.chats).map(
    index => new ChatActor(world, new Random(options.seed * 1000 + 700 + index), `chat ${index}`),
  )
  await Promise.all([...[...sessions, ...chats, ...sweepers].map(actor => actor.run()), restarts()])
  for (const actor of [...sessions, ...chats]) await actor.end()
  await comeToRest()
} catch (error) {
  tally.violation('other violations', String((error as Error).stack))
} finally {
  await store.close()
  await manifest.close()
  await host.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`).catch(() => {})
  await pool.end()
  await host.end()
  await server.stop()
}

console.log(
  `${Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}\n`,
)
console.log(tally.table())
for (const violation of tally.violations.slice(0, 20)) console.log(violation)
console.log(`${tally.losses} losses`)
process.exitCode = tally.violations.length === 0 ? 0 : 1

async function restarts(): Promise<void> {
  for (let restart = 1; restart <= options.restarts; restart++) {
    await pause((options.seconds * 1000) / (options.restarts + 1))
    await server.restart(restart % 2 === 1 ? 'immediate' : 'fast')
    tally.count('restarts')
  }
}

/** Checks that sweeps empty the store once every session has released its refs. */
async function comeToRest(): Promise<void> {
  const options = { staleClaimEpochMs: Number.MAX_SAFE_INTEGER }
  const sweep = await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER, options)
  const audit = await reclaimUnreferencedAttachments(manifest, store, Number.MAX_SAFE_INTEGER, { maxDeleteRatio: 1 })
  tally.count('copies reclaimed', sweep.reclaimedCount + audit.reclaimedCount)
  for await (const { id, generation } of store.list()) {
    tally.violation('other violations', `${id}.${generation} is left at the end`)
  }
  for await (const { attachmentId, sessionId } of manifest.listUncommitted(Number.MAX_SAFE_INTEGER)) {
    tally.violation('other violations', `a ref of ${sessionId} to ${attachmentId} is left at the end`)
  }
}

/** Makes contents, most of which are small and some of which have several chunks. */
function contentsOf(count: number, random: Random): Uint8Array[] {
  return numbers(count).map(index => {
    const bytes = new Uint8Array(index % 10 === 9 ? 300_000 + random.below(300_000) : 1 + random.below(20_000))
    for (let offset = 0; offset < bytes.length; offset += 97) bytes[offset] = random.below(256)
    bytes[0] = index
    return bytes
  })
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
