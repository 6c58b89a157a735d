import assert from 'node:assert/strict'
import {
  type AttachmentCreateMeta,
  AttachmentIntentExpiredError,
  AttachmentNotFoundError,
  type AttachmentRef,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { AttachmentPair } from '../harness.ts'
import { bytesOf, idOf, textOf } from '../run/contents.ts'
import { collect } from '../run/samples.ts'

export const textMeta: AttachmentCreateMeta = { mediaType: 'text/plain' }

/** The view of a session, or of a holder in it, with the steps of a case. Contents are called by their text. */
export class TestSession extends SessionScopedAttachmentStore {
  constructor({ store, manifest }: AttachmentPair, sessionId: string, holder?: string) {
    super(store, manifest, sessionId, { holder })
  }

  putText(text: string, meta: AttachmentCreateMeta = textMeta): Promise<AttachmentRef> {
    return this.put(bytesOf(text), meta)
  }

  /** Puts a text and commits it. */
  async hold(text: string, meta?: AttachmentCreateMeta): Promise<AttachmentRef> {
    const ref = await this.putText(text, meta)
    await this.commit()
    return ref
  }

  async isCommitted(text: string): Promise<boolean> {
    const entry = await this.manifest.lookup(this.sessionId, idOf(text), { holder: this.holder })
    return entry?.committedAtEpochMs !== undefined
  }

  /** The texts of what is pending, by the refs, sorted. */
  pendingTexts(): string[] {
    return this.pendingRefs()
      .map(({ id }) => textOf(id))
      .sort()
  }

  /** The texts of what is pending, by the bare ids, sorted. */
  pendingIdTexts(): string[] {
    return this.pendingManifestCommitIds().map(textOf).sort()
  }

  /** Fails unless the session reads exactly this text. */
  async mustRead(text: string, when: string): Promise<void> {
    const { bytes } = await this.get(idOf(text)).catch(error => {
      throw new assert.AssertionError({ message: `${when}: ${JSON.stringify(text)} cannot be read: ${error}` })
    })
    assert.equal(new TextDecoder().decode(bytes), text, when)
  }

  /** Fails unless the session finds nothing, whichever way it asks. */
  async mustNotFind(text: string, when: string): Promise<void> {
    const id = idOf(text)
    const isNotFound = (error: unknown) => AttachmentNotFoundError.isInstance(error)
    await assert.rejects(this.get(id), isNotFound, `${when}: get`)
    await assert.rejects(this.stream(id), isNotFound, `${when}: stream`)
    assert.equal(await this.stat(id), undefined, `${when}: stat`)
    const listed = await collect(this.list())
    assert.ok(!listed.some(blob => blob.id === id), `${when}: list`)
  }

  /** Adopts texts of another view and commits them. */
  async take(from: SessionScopedAttachmentStore, ...texts: string[]): Promise<AttachmentRef[]> {
    await this.adopt(refsTo(...texts), from)
    return this.commit()
  }

  /** The texts that a listing gives, sorted. */
  async texts(): Promise<string[]> {
    return (await collect(this.list())).map(({ id }) => textOf(id)).sort()
  }

  /** Fails unless the session's commit is refused because of this text alone. */
  mustRefuse(text: string): Promise<void> {
    return mustRefuse(this.commit(), text)
  }
}

/** What somebody sends who knows the ids of these texts, and makes up the rest. */
export function refsTo(...texts: string[]): AttachmentRef[] {
  return texts.map(text => ({ id: idOf(text), byteLength: 0, mediaType: 'made/up' }))
}

/** Fails unless the commit is refused because of this text alone. */
export function mustRefuse(commit: Promise<unknown>, text: string): Promise<void> {
  return assert.rejects(commit, error => {
    assert.ok(AttachmentIntentExpiredError.isInstance(error), `not AttachmentIntentExpiredError: ${error}`)
    assert.deepEqual(error.ids, [idOf(text)])
    return true
  })
}
