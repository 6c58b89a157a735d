import type { AttachmentCreateMeta, AttachmentId, AttachmentManifestEntry } from '@lash/attachments-core'
import type { CheckedIntent } from '@lash/attachments-core/backend'

/** A row for a content. */
export interface Page {
  readonly id: AttachmentId
  generation: number
  claim: string | undefined
  claimedAt: number
  /** When its last claim was settled. Until then there is no reason to forget the page. */
  settledAt: number | undefined
}

/** A row for a ref. */
export interface Line extends Omit<CheckedIntent, 'meta'> {
  meta?: AttachmentCreateMeta | undefined
  generation: number
  committedAt: number | undefined
  releasedAt: number | undefined
}

/**
 * What the manifests of one fixture share, as processes share a database. It scans plain lists, which is slow and easy
 * to read.
 */
export class Notebook {
  pages: Map<AttachmentId, Page> = new Map()
  lines: Line[] = []
  /** Where content begins that has neither a page nor lines. */
  floor = 0
  /** Contents that an open transaction of the host is committing. */
  readonly locked: Set<AttachmentId> = new Set()
  time: number | undefined

  now(): number {
    return this.time ?? Date.now()
  }

  page(id: AttachmentId, generation: number): Page {
    const page = this.pages.get(id) ?? { id, generation, claim: undefined, claimedAt: 0, settledAt: undefined }
    this.pages.set(id, page)
    return page
  }

  linesOf(id: AttachmentId): Line[] {
    return this.lines.filter(line => line.attachmentId === id)
  }

  erase(lines: readonly Line[]): void {
    this.lines = this.lines.filter(line => !lines.includes(line))
  }

  /** Notes what is in it now. Returns the function that undoes all changes since. */
  mark(): () => void {
    const pages = new Map([...this.pages].map(([id, page]) => [id, { ...page }]))
    const lines = this.lines.map(line => ({ ...line }))
    return () => Object.assign(this, { pages, lines })
  }
}

export function isCommitted(line: Line): boolean {
  return line.committedAt !== undefined && line.releasedAt === undefined
}

export function ageOf(line: Line): number {
  return line.releasedAt ?? line.intentAtEpochMs
}

export function entryOf({ committedAt, releasedAt, meta, ...line }: Line): AttachmentManifestEntry {
  return {
    ...line,
    ...(meta === undefined ? {} : { meta: { ...meta } }),
    ...(committedAt === undefined ? {} : { committedAtEpochMs: committedAt }),
    ...(releasedAt === undefined ? {} : { releasedAtEpochMs: releasedAt }),
  }
}
