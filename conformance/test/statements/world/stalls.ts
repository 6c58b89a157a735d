import type pg from 'pg'
import type { SteppedClient } from './stepped-client.ts'

/**
 * Makes statements stop inside. A statement that writes stalls when it begins to write (its snapshot is taken, and as a
 * rule it has locked nothing yet), and then before each row that it writes. It says so by a notice, and waits for an
 * advisory lock of its connection and the number of the stall.
 */
export function stallSql(schema: string, tables: readonly string[]): string {
  const triggers = tables.flatMap(table =>
    ['STATEMENT', 'ROW'].map(
      level => `CREATE TRIGGER stall_${level.toLowerCase()} BEFORE INSERT OR UPDATE OR DELETE ON "${schema}".${table}
        FOR EACH ${level} EXECUTE FUNCTION "${schema}".stall()`,
    ),
  )
  const stall = `
    CREATE FUNCTION "${schema}".stall() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE number bigint;
    BEGIN
      IF pg_catalog.to_regclass('pg_temp.stalls') IS NOT NULL THEN
        number := pg_catalog.nextval('pg_temp.stalls');
        RAISE NOTICE 'stall % % % %', number, TG_LEVEL, TG_OP, TG_TABLE_NAME;
        PERFORM pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.pg_backend_pid(), number::integer);
      END IF;
      RETURN coalesce(NEW, OLD);
    END $$`
  return [stall, ...triggers].join(';\n')
}

/** Connections with this sequence stall, and no others. */
export const stallsHere = 'CREATE TEMP SEQUENCE stalls'

/** How many stalls of one connection are prepared for at once. */
const atOnce = 40

/** Holds the locks that stalls wait for. */
export class Stalls {
  readonly #keeper: pg.Client
  /** The highest number that each connection has stalled at, and the highest that is held. */
  #tooMany = false
  #queries: Promise<unknown> = Promise.resolve()
  readonly #numbers = new Map<number, { last: number; held: number }>()

  constructor(keeper: pg.Client) {
    this.#keeper = keeper
  }

  /** From now on, each statement of these clients stalls. */
  async hold(clients: readonly SteppedClient[]): Promise<void> {
    const values: string[] = []
    for (const { processID } of clients) {
      const { last } = this.#numbers.get(processID) ?? { last: 0 }
      const held = last + atOnce
      this.#numbers.set(processID, { last, held })
      values.push(`SELECT pg_advisory_lock(${processID}, n) FROM generate_series(${last + 1}, ${held}) n`)
    }
    await this.#query(['SELECT pg_advisory_unlock_all()', ...values].join(';'))
  }

  /** @returns whether the statement waits there. */
  note({ processID }: SteppedClient, number: number): boolean {
    const { held = 0 } = this.#numbers.get(processID) ?? {}
    this.#numbers.set(processID, { last: number, held })
    this.#tooMany ||= held > 0 && number > held
    return number <= held
  }

  async letGo({ processID }: SteppedClient, number: number): Promise<void> {
    await this.#query(`SELECT pg_advisory_unlock(${processID}, ${number})`)
  }

  /** From now on, nothing stalls. @throws when something has not stalled that should have. */
  async letAllGo(): Promise<void> {
    if (this.#tooMany) throw new Error(`a connection has stalled more than ${atOnce} times`)
    await this.#query('SELECT pg_advisory_unlock_all()')
    for (const numbers of this.#numbers.values()) numbers.held = 0
  }

  /** One after the other. */
  #query(text: string): Promise<unknown> {
    this.#queries = this.#queries.then(() => this.#keeper.query(text))
    return this.#queries
  }
}
