import type { Pool, PoolConfig } from 'pg'

/** How to reach the database, and where in it the tables are. */
export interface PostgresDatabaseOptions {
  /** A pool of yours. It is used as it is, and `close()` leaves it open. Give it an `error` listener, as `pg` asks. */
  pool?: Pool | undefined
  /**
   * `postgres://user:password@host:port/database`, for a pool of its own, which `close()` ends. Give this, `poolConfig`
   * or both; or give `pool`.
   */
  connectionString?: string | undefined
  /**
   * Settings of that pool, as of `pg.Pool`. Two defaults differ from those of `pg`: `keepAlive` is true, and
   * `connectionTimeoutMillis` 30,000.
   */
  poolConfig?: PoolConfig | undefined
  /**
   * The schema that holds the tables: 1 to 63 of a-z, 0-9 and _, not beginning with a digit or with pg_. Default
   * `lash_attachments`.
   */
  schema?: string | undefined
  /**
   * Whether the first use creates the schema and brings it up to date. Default true. With false, a schema that is not
   * the one that this version needs is refused with `AttachmentSchemaError`: have your database administrator run
   * `migrationSql(schema)`.
   */
  migrate?: boolean | undefined
  /**
   * Whether statements are prepared once per connection. Default true. Give false behind a pooler that shares
   * connections between transactions and keeps no prepared statements, such as PgBouncer before 1.21.
   */
  prepare?: boolean | undefined
}
