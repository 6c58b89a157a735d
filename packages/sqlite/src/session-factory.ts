/** One database for each session, as a subpath of its own: few hosts need it. */
export { type SqliteGcPolicy, SqliteSession } from './session/session.ts'
export { SqliteSessionFactory, type SqliteSessionFactoryOptions } from './session/session-factory.ts'
