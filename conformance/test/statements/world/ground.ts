import { randomBytes } from 'node:crypto'
import { migrationSql } from '@lash/attachments-postgres'
import { postgresUrl } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { Actor } from './actor.ts'
import { namesOfIds } from './contents.ts'
import { Stalls, stallSql } from './stalls.ts'
import { Tables } from './tables.ts'

export interface GroundOptions {
  /** Whether statements can stop inside. */
  readonly stalls: boolean
}

/** A schema of its own, the actors that use it, and an observer. */
export class Ground {
  readonly tables: Tables
  readonly actors: readonly Actor[]
  readonly stalls: Stalls
  /** Changes statements on their way. */
  rewrite: (text: string) => string = text => text
  readonly #schema: string
  readonly #observer: pg.Client
  readonly #keeper: pg.Client
  #changes = 0
  #onChange = () => {}

  private constructor(schema: string, observer: pg.Client, keeper: pg.Client) {
    this.#schema = schema
    this.#observer = observer
    this.#keeper = keeper
    this.tables = new Tables(observer, schema, namesOfIds)
    this.stalls = new Stalls(keeper)
    this.actors = ['A', 'B', 'C'].map((name, index) => {
      const now = 1000 * (index + 1)
      const options = {
        url: postgresUrl(),
        schema,
        now,
        stalls: this.stalls,
        rewrite: (text: string) => this.rewrite(text),
      }
      return new Actor(name, options, () => this.#change())
    })
  }

  static async make({ stalls }: GroundOptions): Promise<Ground> {
    const schema = `test_${randomBytes(8).toString('hex')}`
    const [observer, keeper] = await Promise.all([connected(), connected()])
    await observer.query(migrationSql(schema))
    if (stalls) await observer.query(stallSql(schema, [Tables.contents, Tables.refs, Tables.blobs]))
    const ground = new Ground(schema, observer, keeper)
    for (const actor of ground.actors) await actor.warmUp()
    return ground
  }

  /** Counts what actors have come to. */
  get changes(): number {
    return this.#changes
  }

  /** Resolves when an actor has come to a stop or to its end. */
  change(): Promise<void> {
    return new Promise(resolve => {
      this.#onChange = resolve
    })
  }

  /** By whom each of the backends is kept waiting for a lock. Those that wait for none are left out. */
  async waits(pids: readonly number[]): Promise<Map<number, readonly number[]>> {
    const { rows } = await this.#observer.query<{ pid: number; blockers: number[] }>({
      name: 'waits',
      text: `SELECT pid, blockers FROM unnest($1::int[]) AS pid, pg_blocking_pids(pid) AS blockers
        WHERE cardinality(blockers) > 0`,
      values: [pids],
    })
    return new Map(rows.map(({ pid, blockers }) => [pid, blockers]))
  }

  /** Ends the connections of actors, whatever they are doing. */
  async cutOff(): Promise<void> {
    const pids = this.actors.flatMap(({ clients }) => clients.map(({ processID }) => processID))
    await this.#observer.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [pids])
  }

  async close(): Promise<void> {
    for (const actor of this.actors) await actor.close()
    await this.#observer.query(`DROP SCHEMA "${this.#schema}" CASCADE`)
    await Promise.all([this.#observer.end(), this.#keeper.end()])
  }

  #change(): void {
    this.#changes++
    this.#onChange()
  }
}

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgresUrl(), options: '-c synchronous_commit=off' })
  client.on('error', () => {})
  await client.connect()
  return client
}
