import { type AttachmentId, isAttachmentId } from '@lash/attachments-core'
import { isAttachmentIdPrefix } from '@lash/attachments-core/backend'
import { InvalidArgumentError, Option } from 'commander'
import ms, { type StringValue } from 'ms'

/** For commander, which says which argument it was. */
export function attachmentId(given: string): AttachmentId {
  if (isAttachmentId(given)) return given
  throw new InvalidArgumentError('An id is 64 lower-case hex digits.')
}

export function attachmentIds(given: string, before: readonly AttachmentId[] = []): readonly AttachmentId[] {
  return [...before, attachmentId(given)]
}

export function prefixOption(description = 'only ids that begin with this'): Option {
  return new Option('--prefix <hex>', description).argParser(idPrefix).default('', 'all')
}

function idPrefix(given: string): string {
  if (isAttachmentIdPrefix(given)) return given
  throw new InvalidArgumentError('An id begins with lower-case hex digits, up to 64.')
}

export function port(given: string): number {
  const number = wholeNumber(given)
  if (number <= 65_535) return number
  throw new InvalidArgumentError('It must be at most 65535.')
}

export function wholeNumber(given: string): number {
  const number = Number(given)
  if (/^\d+$/.test(given) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('It must be a whole number.')
}

export function ratio(given: string): number {
  const number = Number(given)
  if (given.trim() !== '' && number >= 0 && number <= 1) return number
  throw new InvalidArgumentError('It must be a number from 0 to 1.')
}

export function concurrencyOption(): Option {
  return new Option('--concurrency <number>', 'how many blobs at the same time, 1 to 1000')
    .argParser(concurrency)
    .default(8)
}

function concurrency(given: string): number {
  const number = wholeNumber(given)
  if (number >= 1 && number <= 1000) return number
  throw new InvalidArgumentError('It must be from 1 to 1000.')
}

/** In milliseconds, by default a day. */
export function olderThanOption(description: string): Option {
  return new Option('--older-than <age>', description).argParser(age).default(24 * 60 * 60 * 1000, '1d')
}

/** With a unit: what a bare number means, everybody guesses otherwise. */
function age(given: string): number {
  const milliseconds = /^\d+(\.\d+)? ?[a-z]+$/i.test(given) ? ms(given as StringValue) : undefined
  if (milliseconds !== undefined) return milliseconds
  throw new InvalidArgumentError('It must be a number and a unit, such as 30m, 12h or 7d.')
}
