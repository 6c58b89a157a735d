/** Redis servers for tests, and prefixes of their own in one. */
export { type FreshPrefix, RedisGround, redisUrl } from './ground.ts'
export { type PrivateRedisServer, type RedisServer, startPrivateRedis, startRedis } from './server.ts'
