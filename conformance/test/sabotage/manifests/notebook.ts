import type { AttachmentId, AttachmentIntent, AttachmentManifestEntry } from '@lash/attachments-core'

/** A row for a content. */
export interface Page {
  readonly id: AttachmentId
  generation: number
  claim: string | undefined
  claimedAt: number
}

/** A row for a ref. */
export interface Line extends AttachmentIntent {
  generation: number
  committedAt: number | undefined
  releasedAt: number | undefined
}

/**
 * What the manifests of one fixture share, as processes share a database. It scans plain lists, which is slow and easy
 * to read.
 */
export class Notebook {
  readonly pages: Map<AttachmentId, Page> = new Map()
  lines: Line[] = []
  /** Contents that an open transaction of the host is committing. */
  readonly locked: Set<AttachmentId> = new Set()
  time: number | undefined

  now(): number {
    return this.time ?? Date.now()
  }

  page(id: AttachmentId, generation = 0): Page {
    const page = this.pages.get(id) ?? { id, generation, claim: undefined, claimedAt: 0 }
    this.pages.set(id, page)
    return page
  }

  linesOf(id: AttachmentId): Line[] {
    return this.lines.filter(line => line.attachmentId === id)
  }

  erase(lines: readonly Line[]): void {
    this.lines = this.lines.filter(line => !lines.includes(line))
  }
}

export function isCommitted(line: Line): boolean {
  return line.committedAt !== undefined && line.releasedAt === undefined
}

export function ageOf(line: Line): number {
  return line.releasedAt ?? line.intentAtEpochMs
}

export function entryOf(line: Line): AttachmentManifestEntry {
  const { attachmentId, sessionId, canonicalUri, intentAtEpochMs, generation } = line
  return {
    attachmentId,
    sessionId,
    canonicalUri,
    intentAtEpochMs,
    generation,
    ...(line.meta === undefined ? {} : { meta: { ...line.meta } }),
    ...(line.committedAt === undefined ? {} : { committedAtEpochMs: line.committedAt }),
    ...(line.releasedAt === undefined ? {} : { releasedAtEpochMs: line.releasedAt }),
  }
}
