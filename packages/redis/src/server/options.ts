import { AttachmentInvalidArgumentError, type AttachmentStorePersistence } from '@lash/attachments-core'
import type { RedisClientLike } from './client.ts'

export interface RedisServerOptions {
  /**
   * `redis://user:password@host:port/database`, or `rediss:` for TLS: for a connection of its own, which is made at the
   * first call and again when it breaks, and which `close()` ends. Either this or `client`.
   */
  url?: string | undefined
  /**
   * A client of yours. It is used as it is, with its own rules for what happens while the server cannot be reached, and
   * `close()` leaves it open. Connect it, and give it an `error` listener, as its library asks.
   */
  client?: RedisClientLike | undefined
  /**
   * Names the keys, `{<prefix>}:values` and `{<prefix>}:keys`: 1 to 200 of A-Z, a-z, 0-9 and `._:/-`. Default
   * `lash-attachments`.
   */
  prefix?: string | undefined
  /**
   * What you know of the server. It is asked at the first call, and what it tells must not be less: `durable` is
   * `appendonly yes` with `appendfsync always`, `crash-safe` `appendonly yes`. Default `durable`, which a server that
   * does not tell its settings has not shown: give this where a service forbids `CONFIG GET`.
   */
  persistence?: AttachmentStorePersistence | undefined
  /**
   * After how long without an answer a call fails, in milliseconds, and the connection is given up: 1 to 2^31-1. Only
   * with `url`. Default 30,000.
   */
  timeoutMs?: number | undefined
}

export interface CheckedServerOptions extends RedisServerOptions {
  readonly prefix: string
  readonly timeoutMs: number
}

/** @throws AttachmentInvalidArgumentError */
export function checkServerOptions(given: RedisServerOptions): CheckedServerOptions {
  const { url, client, prefix = 'lash-attachments', persistence, timeoutMs = 30_000 } = given
  const wrong =
    (url === undefined) === (client === undefined)
      ? 'give either { url } or { client }'
      : url !== undefined && !isRedisUrl(url)
        ? 'url must be redis://user:password@host:port/database, with special characters percent-encoded'
        : client !== undefined && typeof client?.withTypeMapping !== 'function'
          ? 'client must be a client of `redis` or `@redis/client`, version 5 or newer'
          : typeof prefix !== 'string' || !/^[\w.:/-]{1,200}$/.test(prefix)
            ? 'prefix must be 1 to 200 of A-Z, a-z, 0-9 and ._:/-'
            : ![undefined, 'ephemeral', 'crash-safe', 'durable'].includes(persistence)
              ? 'persistence must be ephemeral, crash-safe or durable'
              : !(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= 2 ** 31 - 1)
                ? 'timeoutMs must be a whole number of milliseconds from 1 to 2^31-1'
                : undefined
  if (wrong !== undefined) throw new AttachmentInvalidArgumentError(wrong)
  return { ...given, prefix, timeoutMs }
}

/** No error of `URL` or of the client is shown: they quote the URL, password and all. */
function isRedisUrl(url: unknown): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { protocol, hostname, pathname } = new URL(url)
  return ['redis:', 'rediss:'].includes(protocol) && hostname !== '' && /^\/?\d*$/.test(pathname)
}
