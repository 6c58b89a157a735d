import { AttachmentInvalidArgumentError, type AttachmentStorePersistence } from '@lash/attachments-core'
import type { RedisCommands } from './client.ts'

/**
 * Asks the server whether it keeps what it says it has written as well as it is to be kept. A server that may not be
 * asked is believed if its host has said how well.
 * @throws AttachmentInvalidArgumentError
 */
export async function checkPersistence(
  commands: RedisCommands,
  asked: AttachmentStorePersistence | undefined,
): Promise<void> {
  if (asked === 'ephemeral') return
  const settings = await settingsOf(commands)
  if (settings === undefined) {
    if (asked !== undefined) return
    throw new AttachmentInvalidArgumentError(
      'this Redis server does not tell its settings (CONFIG GET): say in the option `persistence` what it guarantees',
    )
  }
  const { appendonly, appendfsync, maxmemory, 'maxmemory-policy': policy = '' } = settings
  const wish = asked ?? 'durable'
  const wrong =
    appendonly !== 'yes'
      ? 'appendonly is not yes'
      : wish === 'durable' && appendfsync !== 'always'
        ? `appendfsync is ${appendfsync}, not always`
        : maxmemory !== '0' && policy.startsWith('allkeys-')
          ? `maxmemory-policy is ${policy}, which may delete any key; noeviction does not`
          : undefined
  if (wrong === undefined) return
  throw new AttachmentInvalidArgumentError(
    `this Redis server is not ${wish}: ${wrong}; change that, or say less in the option \`persistence\``,
  )
}

async function settingsOf(commands: RedisCommands): Promise<Partial<Record<string, string>> | undefined> {
  try {
    return { ...(await commands.configGet('append*')), ...(await commands.configGet('maxmemory*')) }
  } catch (error) {
    // NOPERM, or "unknown command" where a service has renamed it. A connection that broke is another matter.
    if (/^(NOPERM|ERR)\b/.test((error as Error).message)) return undefined
    throw error
  }
}
