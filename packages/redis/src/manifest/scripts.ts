import { createHash } from 'node:crypto'

/** Redis runs a script without letting anybody in between. It knows one that it has run by the hash of its text. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

/** KEYS: values, keys. ARGV: start, end, limit. Gives keys and values in turn. */
export const scanScript: Script = scriptOf(`
local entries = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1], '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])) do
  entries[#entries + 1] = key
  entries[#entries + 1] = redis.call('HGET', KEYS[1], key)
end
return entries`)

/**
 * KEYS: values, keys. ARGV: how many reads there are; then of each read and write the key, whether it has a value (1 or
 * 0), and the value. Gives 1 when the writes are made, and 0 when a read no longer holds.
 */
export const applyScript: Script = scriptOf(`
local writes = 2 + 3 * ARGV[1]
for at = 2, writes - 1, 3 do
  local value = redis.call('HGET', KEYS[1], ARGV[at])
  if value ~= (ARGV[at + 1] == '1' and ARGV[at + 2]) then return 0 end
end
for at = writes, #ARGV, 3 do
  if ARGV[at + 1] == '1' then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
    redis.call('ZADD', KEYS[2], 0, ARGV[at])
  else
    redis.call('HDEL', KEYS[1], ARGV[at])
    redis.call('ZREM', KEYS[2], ARGV[at])
  end
end
return 1`)

function scriptOf(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}
