import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import type { ContentDisposition } from '../store/content-disposition.ts'

/** How long a URL is good. */
export interface S3ExpiryOptions {
  /**
   * How long the URL is good, in seconds, since S3 signs whole seconds: a whole number from 1 to 604,800 (a week).
   * Default 900. Never longer than temporary credentials last.
   */
  expiresInSeconds?: number | undefined
}

export interface S3UrlOptions extends S3ExpiryOptions {
  /** The same, under the name that the presigner of the AWS SDK uses. Give one of the two. */
  expiresIn?: number | undefined
  /**
   * For how long the URL stays the same, so that what is cached under it is found again: a whole number of seconds, 1
   * or more and less than `expiresInSeconds`. Time is cut in windows of this length, and the URL counts from the
   * beginning of its window. So it is the same in every process that has the same credentials, it is never good for
   * longer than `expiresInSeconds`, and when it is given out it is good for at least `expiresInSeconds -
   * stableForSeconds`. Default: each URL counts from when it is made.
   */
  stableForSeconds?: number | undefined
  /**
   * What a browser does with the bytes. Default `attachment`: it saves them and does not show them. Images still show
   * in a page of yours.
   */
  contentDisposition?: string | ContentDisposition | undefined
  /** The generation of the blob. With it, the URL is made without asking the server whether there is such a blob. */
  generation?: number | undefined
  signal?: AbortSignal | undefined
}

const maxUrlSeconds = 604_800

/** @throws AttachmentInvalidArgumentError */
export function expiryOf({ expiresInSeconds, expiresIn }: S3UrlOptions): number {
  if (expiresInSeconds !== undefined && expiresIn !== undefined) {
    throw new AttachmentInvalidArgumentError('give expiresInSeconds or expiresIn, which are the same')
  }
  const seconds = expiresInSeconds ?? expiresIn ?? 900
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxUrlSeconds) return seconds
  throw new AttachmentInvalidArgumentError(
    `expiresInSeconds must be a whole number of seconds from 1 to ${maxUrlSeconds}`,
  )
}

/** 0 for a URL that need not stay the same. @throws AttachmentInvalidArgumentError */
export function stabilityOf({ stableForSeconds }: S3UrlOptions, expiresIn: number): number {
  if (stableForSeconds === undefined) return 0
  if (Number.isInteger(stableForSeconds) && stableForSeconds >= 1 && stableForSeconds < expiresIn) {
    return stableForSeconds
  }
  throw new AttachmentInvalidArgumentError(
    `stableForSeconds must be a whole number of seconds, 1 or more and less than expiresInSeconds (${expiresIn})`,
  )
}
