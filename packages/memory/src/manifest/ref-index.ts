import type { AttachmentId } from '@lash/attachments-core'
import type { ContentRow, RefRow } from './content-row.ts'

type RefsById = Map<AttachmentId, RefRow>

/** The refs by session, holder and id, so that what one holder has is found without a look at the others. */
export class RefIndex {
  /** Of the holder `''`, by session. Most sessions have no other, and so take one map each. */
  readonly #plain = new Map<string, RefsById>()
  /** Of the other holders, by session and holder. */
  readonly #held = new Map<string, Map<string, RefsById>>()

  add(ref: RefRow): void {
    const { id } = ref.content
    const refs = this.#refsOf(ref.sessionId, ref.holder)
    if (refs === undefined) this.#addHolder(ref.sessionId, ref.holder, new Map([[id, ref]]))
    else refs.set(id, ref)
  }

  #addHolder(sessionId: string, holder: string, refs: RefsById): void {
    const holders = this.#held.get(sessionId)
    if (holder === '') this.#plain.set(sessionId, refs)
    else if (holders === undefined) this.#held.set(sessionId, new Map([[holder, refs]]))
    else holders.set(holder, refs)
  }

  delete({ sessionId, holder, content }: RefRow): void {
    const refs = this.#refsOf(sessionId, holder)
    refs?.delete(content.id)
    if (refs?.size === 0) this.#deleteHolder(sessionId, holder)
  }

  #deleteHolder(sessionId: string, holder: string): void {
    if (holder === '') this.#plain.delete(sessionId)
    const holders = this.#held.get(sessionId)
    holders?.delete(holder)
    if (holders?.size === 0) this.#held.delete(sessionId)
  }

  get(sessionId: string, holder: string, id: AttachmentId): RefRow | undefined {
    return this.#refsOf(sessionId, holder)?.get(id)
  }

  /** The refs to the content by every holder of the session. Costs the smaller of both: its holders, or all refs. */
  to(content: ContentRow, sessionId: string): RefRow[] {
    const holderCount = 1 + (this.#held.get(sessionId)?.size ?? 0)
    if (content.refs.size <= holderCount) return [...content.refs].filter(ref => ref.sessionId === sessionId)
    return this.#holdersOf(sessionId).flatMap(refs => refs.get(content.id) ?? [])
  }

  /** The refs of one holder or, without it, of every holder of the session. */
  of(sessionId: string, holder: string | undefined): RefRow[] {
    if (holder !== undefined) return [...(this.#refsOf(sessionId, holder)?.values() ?? [])]
    return this.#holdersOf(sessionId).flatMap(refs => [...refs.values()])
  }

  #refsOf(sessionId: string, holder: string): RefsById | undefined {
    return holder === '' ? this.#plain.get(sessionId) : this.#held.get(sessionId)?.get(holder)
  }

  #holdersOf(sessionId: string): RefsById[] {
    const plain = this.#plain.get(sessionId)
    return [...(plain === undefined ? [] : [plain]), ...(this.#held.get(sessionId)?.values() ?? [])]
  }
}
