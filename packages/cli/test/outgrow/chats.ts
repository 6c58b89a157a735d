import { setTimeout as delay } from 'node:timers/promises'
import {
  AttachmentIntentExpiredError,
  type AttachmentManifest,
  type AttachmentRef,
  type AttachmentStore,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { expect } from 'vitest'

export interface Files {
  readonly store: AttachmentStore
  readonly manifest: AttachmentManifest
}

const endOfTime = Number.MAX_SAFE_INTEGER
const names = ['chat-1', 'chat-2', 'chat-3']

/** Chats that put, commit, read and let go all the time, with sweeps and audits without grace beside them. */
export class Chats {
  /** What each chat was told is committed, and has not let go of: texts by id. */
  readonly held: Map<string, Map<string, string>> = new Map()
  readonly released: [chat: string, id: string][] = []
  #turns = 0
  #isOver = true
  #running: Promise<unknown> = Promise.resolve()

  start(files: Files): void {
    this.#isOver = false
    this.#running = Promise.all([...names.map(name => this.#talk(files, name)), this.#sweep(files)])
    // Whoever stops it hears of it.
    this.#running.catch(() => {})
  }

  /** Resolves when all turns and sweeps have ended. Rejects if one of them has failed. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async say(files: Files, chat: string, ...texts: string[]): Promise<[AttachmentRef, ...AttachmentRef[]]> {
    const session = sessionOf(files, chat)
    for (;;) {
      const puts = texts.map(text => session.put(new TextEncoder().encode(text), { mediaType: 'text/plain' }))
      const refs = await Promise.all(puts)
      try {
        await session.commit({ refs })
        for (const [index, { id }] of refs.entries()) this.heldBy(chat).set(id, texts[index] ?? '')
        return refs as [AttachmentRef, ...AttachmentRef[]]
      } catch (error) {
        // A sweep came first: nothing was committed, and the turn puts again.
        if (!AttachmentIntentExpiredError.isInstance(error)) throw error
      }
    }
  }

  async letGo({ manifest }: Files, chat: string, id: string): Promise<void> {
    this.heldBy(chat).delete(id)
    this.released.push([chat, id])
    await manifest.releaseRefs(chat, [id])
  }

  heldBy(chat: string): Map<string, string> {
    const held = this.held.get(chat) ?? new Map()
    this.held.set(chat, held)
    return held
  }

  /** Every chat reads all that it holds, and nothing that it let go of. */
  async check(files: Files): Promise<void> {
    for (const [chat, held] of this.held) for (const [id, text] of held) await read(files, chat, id, text)
    for (const [chat, id] of this.released) {
      if (this.heldBy(chat).has(id)) continue
      await expect(sessionOf(files, chat).get(id)).rejects.toMatchObject({ code: 'not_found' })
    }
  }

  async #talk(files: Files, chat: string): Promise<void> {
    await this.say(files, chat, `${chat} shows ${'a film '.repeat(200_000)}`)
    while (!this.#isOver) {
      const number = this.#turns++
      await this.say(files, chat, `${chat} says ${number}`, `what everybody says ${number % 5}`)
      const all = [...this.heldBy(chat)]
      const [id, text] = all[number % all.length] ?? expect.fail('nothing is held')
      await read(files, chat, id, text)
      if (number % 3 === 0) await this.letGo(files, chat, id)
      await delay(50)
    }
  }

  async #sweep({ manifest, store }: Files): Promise<void> {
    while (!this.#isOver) {
      await reclaimOrphanedAttachments(manifest, store, endOfTime)
      await reclaimUnreferencedAttachments(manifest, store, endOfTime, { maxDeleteRatio: 1 })
      await delay(100)
    }
  }
}

export function sessionOf({ store, manifest }: Files, chat: string): SessionScopedAttachmentStore {
  return new SessionScopedAttachmentStore(store, manifest, chat)
}

async function read(files: Files, chat: string, id: string, text: string): Promise<void> {
  const { bytes } = await sessionOf(files, chat).get(id)
  expect(new TextDecoder().decode(bytes) === text, `what ${chat} holds as ${id}`).toBe(true)
}
