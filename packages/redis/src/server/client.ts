export interface ScriptArguments {
  keys: string[]
  arguments: string[]
}

/** The commands that are used here, with replies as they come without a type mapping. */
export interface RedisCommands {
  hmGet(key: string, fields: string[]): Promise<(string | null)[]>
  eval(script: string, given: ScriptArguments): Promise<unknown>
  evalSha(sha1: string, given: ScriptArguments): Promise<unknown>
  configGet(parameter: string): Promise<Record<string, string>>
}

/**
 * What `createClient`, `createClientPool`, `createCluster` and `createSentinel` of `redis` and `@redis/client` give,
 * from version 5 on.
 */
export interface RedisClientLike {
  withTypeMapping(mapping: Record<never, never>): unknown
}

/** The host may have asked for buffers instead of text, say. */
export function commandsOf(client: RedisClientLike): RedisCommands {
  return client.withTypeMapping({}) as RedisCommands
}
