import { AttachmentInvalidArgumentError } from './errors.ts'

/** @throws AttachmentInvalidArgumentError when the value is not a number from the least to the most. */
export function checkNumber(
  name: string,
  value: number,
  least: number,
  most: number = Number.POSITIVE_INFINITY,
): number {
  if (value >= least && value <= most) return value
  throw new AttachmentInvalidArgumentError(`${name} must be a number from ${least} to ${most}`)
}

/** @throws AttachmentInvalidArgumentError when the value is not a whole number from the least to the most. */
export function checkWhole(
  name: string,
  value: unknown,
  most: number = Number.MAX_SAFE_INTEGER,
  least: number = 0,
): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  throw new AttachmentInvalidArgumentError(`${name} must be a whole number from ${least} to ${most}`)
}
