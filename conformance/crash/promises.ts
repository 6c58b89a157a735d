import type { AttachmentManifest } from '@lash/attachments-core'
import type { CopyName, JournalEntry } from './journal.ts'

/** A call of a worker without an answer. */
interface Unanswered {
  commits: readonly CopyName[]
  releases: readonly string[]
}

/** What each session was promised: what it has heard and, where it got no answer, what the manifest shows. */
export class Promises {
  readonly #held = new Map<string, Map<string, number>>()

  heldBy(session: string): ReadonlyMap<string, number> {
    return this.#held.get(session) ?? new Map()
  }

  sessions(): string[] {
    return [...this.#held.keys()]
  }

  /**
   * Takes in the journal of a worker that has ended. Returns what must not be: a commit without an answer that took
   * effect in part.
   */
  async take(entries: readonly JournalEntry[], manifest: AttachmentManifest): Promise<string[]> {
    const open = new Map<string, Unanswered>()
    for (const entry of entries) this.#takeEntry(entry, open)
    const wrong: string[] = []
    for (const [session, { commits, releases }] of open) {
      wrong.push(...(await this.#findCommits(session, commits, manifest)))
      for (const id of releases) {
        if (!(await isCommitted(manifest, session, id))) this.#of(session).delete(id)
      }
    }
    return wrong
  }

  #takeEntry(entry: JournalEntry, open: Map<string, Unanswered>): void {
    const [kind, session] = entry
    switch (kind) {
      case 'commits':
        open.set(session, { commits: entry[2], releases: [] })
        return
      case 'committed':
        for (const [id, generation] of open.get(session)?.commits ?? []) this.#of(session).set(id, generation)
        open.delete(session)
        return
      case 'releases':
        open.set(session, { commits: [], releases: entry[2] })
        return
      case 'released':
        for (const id of open.get(session)?.releases ?? []) this.#of(session).delete(id)
        open.delete(session)
        return
      case 'refused':
        open.delete(session)
        return
    }
  }

  /**
   * Finds out about a commit without an answer: it took effect on all of its refs, or on none that was not
   * committed before.
   */
  async #findCommits(session: string, refs: readonly CopyName[], manifest: AttachmentManifest): Promise<string[]> {
    const held = this.#of(session)
    const fresh = refs.filter(([id, generation]) => held.get(id) !== generation)
    const stands = await Promise.all(fresh.map(([id, generation]) => isCommitted(manifest, session, id, generation)))
    if (stands.every(Boolean)) for (const [id, generation] of fresh) held.set(id, generation)
    if (stands.every(Boolean) || !stands.some(Boolean)) return []
    return [
      `a commit of ${session} stands in part: ${fresh.map(([id], index) => `${id.slice(0, 8)} ${stands[index]}`)}`,
    ]
  }

  forget(session: string): void {
    this.#held.delete(session)
  }

  #of(session: string): Map<string, number> {
    const held = this.#held.get(session)
    if (held !== undefined) return held
    const fresh = new Map<string, number>()
    this.#held.set(session, fresh)
    return fresh
  }
}

async function isCommitted(
  manifest: AttachmentManifest,
  session: string,
  id: string,
  generation?: number,
): Promise<boolean> {
  const entry = await manifest.lookup(session, id)
  if (entry?.committedAtEpochMs === undefined || entry.releasedAtEpochMs !== undefined) return false
  return generation === undefined || entry.generation === generation
}
