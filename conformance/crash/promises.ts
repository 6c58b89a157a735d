import type { AttachmentManifest } from '@lash/attachments-core'
import { holdParts, originOf } from './hold-names.ts'
import type { CopyName, JournalEntry } from './journal.ts'
import type { Held } from './session-life.ts'

/** A call of a worker without an answer. */
interface Unanswered {
  commits: readonly CopyName[]
  releases: readonly string[]
}

/**
 * What each holder was promised, by the name of its hold: what it has heard and, where it got no answer, what the
 * manifest shows.
 */
export class Promises {
  readonly #held = new Map<string, Map<string, number>>()

  heldBy(hold: string): ReadonlyMap<string, number> {
    return this.#held.get(hold) ?? new Map()
  }

  holds(): string[] {
    return [...this.#held.keys()]
  }

  /** Those of the holders of a session and of its fork. */
  holdsOf(session: string): string[] {
    return this.holds().filter(hold => originOf(hold) === session)
  }

  /** The ids that the holders of a session and of its fork hold. */
  idsOf(session: string): Held {
    return Object.fromEntries(this.holdsOf(session).map(hold => [hold, [...this.heldBy(hold).keys()]]))
  }

  /**
   * Takes in the journal of a worker that has ended. Returns what must not be: a commit without an answer that took
   * effect in part.
   */
  async take(entries: readonly JournalEntry[], manifest: AttachmentManifest): Promise<string[]> {
    const open = new Map<string, Unanswered>()
    for (const entry of entries) this.#takeEntry(entry, open)
    const wrong: string[] = []
    for (const [hold, { commits, releases }] of open) {
      wrong.push(...(await this.#findCommits(hold, commits, manifest)))
      for (const id of releases) {
        if (!(await isCommitted(manifest, hold, id))) this.#of(hold).delete(id)
      }
    }
    return wrong
  }

  #takeEntry(entry: JournalEntry, open: Map<string, Unanswered>): void {
    const [kind, hold] = entry
    switch (kind) {
      case 'commits':
        open.set(hold, { commits: entry[2], releases: [] })
        return
      case 'committed':
        for (const [id, generation] of open.get(hold)?.commits ?? []) this.#of(hold).set(id, generation)
        open.delete(hold)
        return
      case 'releases':
        open.set(hold, { commits: [], releases: entry[2] })
        return
      case 'released':
        for (const id of open.get(hold)?.releases ?? []) this.#of(hold).delete(id)
        open.delete(hold)
        return
      case 'refused':
        open.delete(hold)
        return
    }
  }

  /**
   * Finds out about a commit without an answer: it took effect on all of its refs, or on none that was not
   * committed before.
   */
  async #findCommits(hold: string, refs: readonly CopyName[], manifest: AttachmentManifest): Promise<string[]> {
    const held = this.#of(hold)
    const fresh = refs.filter(([id, generation]) => held.get(id) !== generation)
    const stands = await Promise.all(fresh.map(([id, generation]) => isCommitted(manifest, hold, id, generation)))
    if (stands.every(Boolean)) for (const [id, generation] of fresh) held.set(id, generation)
    if (stands.every(Boolean) || !stands.some(Boolean)) return []
    return [`a commit of ${hold} stands in part: ${fresh.map(([id], index) => `${id.slice(0, 8)} ${stands[index]}`)}`]
  }

  forget(hold: string): void {
    this.#held.delete(hold)
  }

  #of(hold: string): Map<string, number> {
    const held = this.#held.get(hold)
    if (held !== undefined) return held
    const fresh = new Map<string, number>()
    this.#held.set(hold, fresh)
    return fresh
  }
}

async function isCommitted(
  manifest: AttachmentManifest,
  hold: string,
  id: string,
  generation?: number,
): Promise<boolean> {
  const { sessionId, holder } = holdParts(hold)
  const entry = await manifest.lookup(sessionId, id, { holder })
  if (entry?.committedAtEpochMs === undefined || entry.releasedAtEpochMs !== undefined) return false
  return generation === undefined || entry.generation === generation
}
