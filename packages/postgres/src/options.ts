import type { Pool, PoolConfig } from 'pg'

/** How to reach the database, and where in it the tables are. */
export interface PostgresOptions {
  /** A pool of yours: it is used as it is, and left open by `close()`. Attach an `error` listener to it, as `pg` asks. */
  pool?: Pool | undefined
  /** `postgres://user:password@host:port/database`: a pool of its own, ended by `close()`. Give this or `poolConfig`, or `pool`. */
  connectionString?: string | undefined
  /** Settings of the own pool, as of `pg.Pool`. Ours where you say nothing: `keepAlive`, and 30 s of `connectionTimeoutMillis`. */
  poolConfig?: PoolConfig | undefined
  /** The schema that holds the tables: 1 to 63 of a-z, 0-9 and _, not beginning with a digit. Default `lash_attachments`. */
  schema?: string | undefined
  /**
   * Whether to create the schema and bring it up to date at the first use. Default true. With false, a schema that is not as this version needs
   * it is refused with `AttachmentSchemaError`; have your database administrator run `migrationSql(schema)`.
   */
  migrate?: boolean | undefined
  /**
   * Whether statements are prepared once per connection. Default true. Say false behind a pooler that shares connections between transactions
   * and does not keep prepared statements, such as PgBouncer before 1.21.
   */
  prepare?: boolean | undefined
}
