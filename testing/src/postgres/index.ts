/** PostgreSQL servers for tests, schemas of their own in one, and a proxy before it that does harm. */
export { FaultProxy } from './fault-proxy.ts'
export { type FreshSchema, PostgresGround, postgresUrl } from './ground.ts'
export {
  freePort,
  type PostgresServer,
  type PostgresServerOptions,
  startPostgres,
  startPrivatePostgres,
} from './server.ts'
