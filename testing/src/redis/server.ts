import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { freePort } from '../postgres/server.ts'
import { Daemons } from '../services/daemons.ts'
import { areInstalled, install, installCommandOf, mayInstall } from '../services/debian.ts'

const packages = ['redis-server']
const startupMs = 30_000

export interface RedisServer {
  /** With the password. */
  readonly url: string
  /** Stops what was started, and nothing else. */
  stop(): Promise<void>
}

/** A server that this process has started. */
export interface PrivateRedisServer extends RedisServer {
  /** Kills it with SIGKILL and starts it again, on the same port and data. */
  restart(): Promise<void>
  /** Resolves when nobody is connected: then all that killed processes have sent is done. */
  connectionsEnd(): Promise<void>
}

/**
 * The server of `LASH_TEST_REDIS_URL` or, without it, a private one, whose package is installed first where that is
 * possible. Undefined when none can be had, which is then said in one line.
 * @throws Error when none can be had and `CI` is true: a server that is missing there is a failure.
 */
export async function startRedis(say: (line: string) => void = console.log): Promise<RedisServer | undefined> {
  const url = process.env.LASH_TEST_REDIS_URL
  if (url) return { url, stop: async () => {} }
  try {
    if (!areInstalled(packages)) {
      if (!mayInstall()) throw new Error('it is not installed')
      say(`Redis: installing it for the tests (LASH_TEST_INSTALL=0 turns this off): ${installCommandOf(packages)}`)
      await install(packages)
    }
    return await startPrivateRedis()
  } catch (error) {
    const line =
      `Redis: its tests cannot run, ${(error as Error).message}; ` +
      `to install it: ${installCommandOf(packages)}; or set LASH_TEST_REDIS_URL to a server of yours`
    if (process.env.CI === 'true') throw new Error(line)
    say(line)
    return undefined
  }
}

/**
 * A server of our own on a free port, which syncs its log at every write.
 * @param settings more of them, as in `redis.conf`. Those that come later count.
 */
export async function startPrivateRedis(settings: readonly string[] = []): Promise<PrivateRedisServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(settings)
    } catch (error) {
      // Between finding a free port and listening on it, somebody else may take it.
      if (attempt === 3) throw error
    }
  }
}

async function startOnce(settings: readonly string[]): Promise<PrivateRedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'lash-redis-'))
  await mkdir(join(folder, 'log'))
  const port = await freePort()
  const password = randomBytes(9).toString('hex')
  const configuration = join(folder, 'redis.conf')
  const lines = [
    ...['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, `requirepass ${password}`, 'save ""'],
    ...['appendonly yes', 'appendfsync always'],
    // Whoever looks for the daemons of a folder finds them by their command line.
    'set-proc-title no',
    ...settings,
  ]
  await writeFile(configuration, `${lines.join('\n')}\n`, { mode: 0o600 })
  const url = `redis://:${password}@127.0.0.1:${port}`
  const daemons = new Daemons(folder)
  const start = async () => {
    daemons.start('redis', 'redis-server', [configuration])
    await ready(url, daemons)
  }
  try {
    await start()
  } catch (error) {
    await daemons.stop()
    throw error
  }
  return {
    url,
    async restart() {
      await daemons.kill('redis')
      await start()
    },
    connectionsEnd: () => connectionsEnd(url),
    stop: () => daemons.stop(),
  }
}

async function connectionsEnd(url: string): Promise<void> {
  const client = await createClient({ url })
    .on('error', () => {})
    .connect()
  try {
    // The list has this client.
    while ((await client.clientList()).length > 1) await sleep(10)
  } finally {
    client.destroy()
  }
}

async function ready(url: string, daemons: Daemons): Promise<void> {
  const deadline = Date.now() + startupMs
  for (;;) {
    const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {})
    try {
      await client.connect()
      // While it reads its log it refuses this.
      await client.get('-')
      return
    } catch (error) {
      daemons.assertRunning()
      if (Date.now() > deadline) throw error
      await sleep(20)
    } finally {
      if (client.isOpen) client.destroy()
    }
  }
}
