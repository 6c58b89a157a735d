import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../usage-error.ts'
import type { OpenOptions } from './backend-module.ts'

/**
 * The path in `scheme:path`, taken as it is, or in `scheme:///path`, a URL whose special characters are encoded.
 * @throws UsageError when there is none, or nothing is there and nothing may be made.
 */
export function localPath(url: string, { create }: OpenOptions): string {
  const rest = url.slice(url.indexOf(':') + 1)
  const path = rest.startsWith('//') ? decoded(url, rest) : rest
  if (path === '') throw new UsageError(`${url} has no path: give ${url}./attachments or ${url}/srv/attachments`)
  if (!create && !existsSync(path)) throw new UsageError(`there is nothing at ${path} (${url})`)
  return path
}

function decoded(url: string, rest: string): string {
  try {
    return fileURLToPath(`file:${rest}`)
  } catch (cause) {
    throw new UsageError(`${url} names no path of this machine: give three slashes, or none`, { cause })
  }
}
