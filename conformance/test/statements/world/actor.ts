import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import {
  openPostgresAttachments,
  PostgresAttachmentManifest,
  type PostgresAttachments,
} from '@lash/attachments-postgres'
import pg from 'pg'
import { type Stalls, stallsHere } from './stalls.ts'
import { type Conductor, type Stall, type SteppedClient, steppedClient } from './stepped-client.ts'

/** A call of the manifest by one actor. */
export interface Call {
  readonly name: string
  run(actor: Actor): Promise<unknown>
  /**
   * What it may do instead when others are in the middle of something: a sweep leaves out what somebody has locked, and
   * a transaction of a host may have to be repeated.
   */
  readonly instead?: readonly Call[]
  /** The calls that it consists of, each atomic of its own, in all their orders. */
  readonly parts?: readonly (readonly Call[])[]
}

/** Where actors stop: before each call, before each statement, or also inside statements. */
export type Grain = 'calls' | 'statements' | 'writes'

/** Where an actor is. One that runs may wait for a lock on the server. */
export type Place = { readonly at: 'running' } | { readonly at: 'end' } | Stop

export interface Stop {
  readonly at: 'stop'
  /** What it does next. */
  readonly next: string
  /** Of the calls of its script, the one that it is in. */
  readonly call: number
  /** Whether nothing of that call has been done yet. */
  readonly isFirst: boolean
  go(): void
}

export interface ActorOptions {
  readonly url: string
  readonly schema: string
  /** What its manifest dates by. */
  readonly now: number
  /** Changes the text of its statements. */
  rewrite(text: string): string
  readonly stalls: Stalls
}

/** As far as the server can tell, a process: its connections, its store and its manifest. It runs a script of calls. */
export class Actor {
  readonly name: string
  readonly now: number
  readonly schema: string
  readonly attachments: PostgresAttachments
  /** Purges every tombstone whenever it settles. */
  readonly purging: PostgresAttachmentManifest
  place: Place = { at: 'end' }
  /** How many statements it still sends without a stop. */
  free = Number.POSITIVE_INFINITY
  results: unknown[] = []
  /** SQLSTATEs of statements that failed. */
  readonly failures: string[] = []
  readonly clients: SteppedClient[] = []
  readonly #pool: pg.Pool
  readonly #hosts: pg.Pool
  readonly #stalls: Stalls
  readonly #changed: () => void
  #grain: Grain = 'calls'
  #call = 0
  #isFirst = true
  #hasStalled = false
  #isFree = false

  constructor(name: string, { url, schema, now, rewrite, stalls }: ActorOptions, changed: () => void) {
    this.name = name
    this.now = now
    this.schema = schema
    this.#stalls = stalls
    this.#changed = changed
    const conductor: Conductor = {
      rewritten: rewrite,
      before: text => this.#before(text),
      failed: error => this.failures.push(String((error as { code?: unknown }).code)),
      stalled: (client, stall) => this.#stalled(client, stall),
    }
    const pool = () => {
      const made = new pg.Pool({
        connectionString: url,
        // Durability is not at stake, and deadlocks are a failure that should be quick.
        options: '-c synchronous_commit=off -c deadlock_timeout=200ms',
        // One connection: calls that share a statement then come in one order.
        max: 1,
        idleTimeoutMillis: 0,
        Client: steppedClient(conductor, client => this.clients.push(client)),
      })
      made.on('error', () => {})
      return made
    }
    this.#pool = pool()
    this.#hosts = pool()
    this.attachments = openPostgresAttachments({ pool: this.#pool, schema, now: () => now })
    this.purging = new PostgresAttachmentManifest({ pool: this.#pool, schema, now: () => now, tombstoneRetentionMs: 0 })
  }

  /** Connects, and does what is done once. */
  async warmUp(): Promise<void> {
    const [client] = this.clients.length > 0 ? [] : [await this.connect()]
    await client?.query(stallsHere)
    client?.release()
    const nobody = '0'.repeat(64)
    await this.attachments.manifest.lookup('nobody', nobody)
    await this.purging.lookup('nobody', nobody)
    const pooled = await this.#pool.connect()
    await pooled.query(stallsHere)
    pooled.release()
  }

  /** A connection of the host. */
  connect(): Promise<pg.PoolClient> {
    return this.#hosts.connect()
  }

  /** Begins the calls, and stops before the first. */
  run(script: readonly Call[], grain: Grain): void {
    this.place = { at: 'running' }
    this.results = []
    this.failures.length = 0
    this.#grain = grain
    this.free = grain === 'calls' ? Number.POSITIVE_INFINITY : 0
    void this.#run(script).then(() => {
      this.place = { at: 'end' }
      this.free = Number.POSITIVE_INFINITY
      this.#changed()
    })
  }

  /** Whether it has begun something that may hold locks. */
  get isInside(): boolean {
    return (
      this.place.at !== 'end' &&
      (this.#hasStalled || this.clients.some(client => client.getTransactionStatus() !== 'I'))
    )
  }

  async close(): Promise<void> {
    this.free = Number.POSITIVE_INFINITY
    await this.attachments.close()
    await this.purging.close()
    await Promise.all([this.#pool.end(), this.#hosts.end()])
  }

  async #run(script: readonly Call[]): Promise<void> {
    for (const [index, call] of script.entries()) {
      this.#call = index
      this.#isFirst = true
      if (this.#grain === 'calls') await this.#stop(call.name)
      this.results[index] = await call.run(this).catch(outcomeOf)
    }
  }

  #before(text: string): Promise<void> {
    this.#hasStalled = false
    this.#isFree = this.free > 0
    if (this.#isFree) {
      this.free--
      return Promise.resolve()
    }
    return this.#stop(summaryOf(text))
  }

  #stop(next: string): Promise<void> {
    return new Promise(resolve => this.#stopUntil(next, resolve))
  }

  #stopUntil(next: string, goOn: () => void): void {
    const go = () => {
      this.#isFirst = false
      this.place = { at: 'running' }
      goOn()
    }
    this.place = { at: 'stop', next, call: this.#call, isFirst: this.#isFirst, go }
    this.#changed()
  }

  #stalled(client: SteppedClient, { number, level, operation, table }: Stall): void {
    const waits = this.#stalls.note(client, number)
    if (!waits) return
    const letGo = () => void this.#stalls.letGo(client, number)
    const isFirst = !this.#hasStalled
    this.#hasStalled = true
    // When it begins with the next table, its snapshot is no newer.
    if (this.#isFree || (level === 'STATEMENT' && !isFirst)) letGo()
    else this.#stopUntil(`   ${level === 'STATEMENT' ? 'with its snapshot' : `${operation} a row of ${table}`}`, letGo)
  }
}

/** What a call gives that fails as it must not. */
export interface Failed {
  readonly error: string
}

function outcomeOf(error: unknown): Failed | { readonly refused: readonly string[] } {
  if (error instanceof AttachmentIntentExpiredError) return { refused: [...error.ids].sort() }
  return { error: String(error) }
}

/** What a statement writes and locks, in the order of its text. */
export function summaryOf(text: string): string {
  const [first = ''] = text.trim().split(/\s/)
  const parts = text.matchAll(
    /\b(INSERT INTO|UPDATE|DELETE FROM) (?:"\w+"\.)?attachment_(\w+)|\bFOR (?:UPDATE|SHARE|NO KEY UPDATE)\b(?: OF \w+)?(?: SKIP LOCKED)?/g,
  )
  const told = [...parts].map(([whole, verb, table]) => (verb === undefined ? whole : `${verb} ${table}`))
  if (told.length === 0) return text.length < 60 ? text.trim().replace(/\s+/g, ' ') : first
  return told.join(', ')
}
