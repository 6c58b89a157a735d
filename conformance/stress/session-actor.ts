import type { Random } from '@lash/attachments-conformance/explore'
import {
  AttachmentIntentExpiredError,
  AttachmentNotFoundError,
  type AttachmentRef,
  type AttachmentStore,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import type pg from 'pg'
import { pause, repeated } from './server-failures.ts'
import type { Tally } from './tally.ts'

/** What all actors share. */
export interface World {
  readonly store: AttachmentStore
  readonly manifest: PostgresAttachmentManifest
  /** The host's own pool, with a table `turns (turn text PRIMARY KEY)`. */
  readonly host: pg.Pool
  /** What all sessions put. */
  readonly contents: readonly Uint8Array[]
  readonly tally: Tally
  over(): boolean
}

/** A session that puts, commits, reads and releases. It always knows which refs it must be able to read. */
export class SessionActor {
  readonly #world: World
  readonly #random: Random
  readonly #id: string
  readonly #session: SessionScopedAttachmentStore
  readonly #committed = new Map<string, AttachmentRef>()
  #turn = 0

  constructor(world: World, random: Random, id: string) {
    this.#world = world
    this.#random = random
    this.#id = id
    this.#session = new SessionScopedAttachmentStore(world.store, world.manifest, id)
  }

  async run(): Promise<void> {
    while (!this.#world.over()) {
      await this.#putSome()
      await pause(this.#random.below(8))
      if (this.#random.chance(0.5)) await this.#commit()
      else await this.#commitWithHost()
      await this.#verify()
      await this.#releaseSome()
    }
  }

  /** Reads every committed ref. */
  async #verify(): Promise<void> {
    for (const [id, ref] of this.#committed) await this.#mustRead(id, ref, 'committed refs unreadable')
  }

  async end(): Promise<void> {
    await this.#verify()
    await this.#repeat(() => this.#session.release())
  }

  async #putSome(): Promise<void> {
    for (const bytes of this.#random.some(this.#world.contents, 1 + this.#random.below(4))) {
      const put = () => this.#session.put(bytes, { mediaType: 'application/octet-stream', label: this.#id })
      // A put that a restart broke is given up. What it left is an orphan.
      const done = await this.#repeat(put, 1)
      if (done !== undefined) this.#world.tally.count('puts')
    }
  }

  async #commit(): Promise<void> {
    const pending = this.#session.pendingRefs()
    try {
      await this.#repeat(() => this.#session.commit())
      this.#world.tally.count('commits')
      await this.#nowCommitted(pending)
    } catch (error) {
      this.#refused(error)
    }
  }

  /** A turn of a host that keeps its state in the same database: a row of its own and the refs, in one transaction. */
  async #commitWithHost(): Promise<void> {
    const pending = this.#session.pendingRefs()
    const turn = `${this.#id} ${this.#turn++}`
    const rollBack = this.#random.chance(0.3)
    const outcome = await this.#hostTransaction(turn, rollBack).catch(error => this.#refused(error))
    const visible = await this.#repeat(async () => {
      const { rowCount } = await this.#world.host.query('SELECT FROM turns WHERE turn = $1', [turn])
      return rowCount === 1
    })
    if (outcome === 'lost') this.#world.tally.count('outcomes found out after a lost connection')
    if (outcome !== 'lost' && visible !== (outcome === 'committed')) {
      this.#world.tally.violation('other violations', `turn ${turn} is ${outcome} and its row says ${visible}`)
    }
    if (visible) {
      this.#session.markManifestCommitted(pending.map(({ id }) => id))
      await this.#nowCommitted(pending)
      return
    }
    for (const { id, generation } of pending) {
      if (this.#committed.has(id)) continue
      const entry = await this.#repeat(() => this.#world.manifest.lookup(this.#id, id))
      if (entry?.committedAtEpochMs !== undefined && entry.generation === (generation ?? 0)) {
        this.#world.tally.violation('other violations', `${turn} was not committed, its ref to ${id} was`)
      }
    }
  }

  async #hostTransaction(turn: string, rollBack: boolean): Promise<'committed' | 'rolled back' | 'lost'> {
    let client: pg.PoolClient | undefined
    try {
      client = await this.#world.host.connect()
      client.on('error', ignore)
      await client.query('BEGIN')
      await client.query('INSERT INTO turns VALUES ($1)', [turn])
      await this.#session.commit({ client })
      await pause(this.#random.below(10))
      await client.query(rollBack ? 'ROLLBACK' : 'COMMIT')
      this.#world.tally.count(rollBack ? 'host transactions rolled back' : 'host transactions committed')
      release(client)
      return rollBack ? 'rolled back' : 'committed'
    } catch (error) {
      if (AttachmentIntentExpiredError.isInstance(error) && client !== undefined) {
        // The refusal leaves the transaction usable: the host could still commit its own row.
        await client.query('SELECT 1').catch(ignore)
        await client.query('ROLLBACK').catch(ignore)
        release(client)
        throw error
      }
      client?.release(true)
      this.#world.tally.count('calls failed by a restart')
      return 'lost'
    }
  }

  #refused(error: unknown): 'refused' {
    if (!AttachmentIntentExpiredError.isInstance(error)) throw error
    this.#world.tally.count('commits refused (put again)')
    this.#session.markManifestCommitted(error.ids)
    return 'refused'
  }

  async #nowCommitted(refs: readonly AttachmentRef[]): Promise<void> {
    for (const ref of refs) {
      this.#committed.set(ref.id, ref)
      await this.#mustRead(ref.id, ref, 'committed on missing bytes')
    }
  }

  async #mustRead(
    id: string,
    { generation = 0 }: AttachmentRef,
    kind: 'committed refs unreadable' | 'committed on missing bytes',
  ): Promise<void> {
    const { tally } = this.#world
    try {
      const found = await this.#repeat(() => this.#session.get(id))
      if (found === undefined || contentId(found.bytes) !== id)
        tally.violation(kind, `${id}.${generation} of ${this.#id}`)
      else tally.count('committed refs read and verified')
    } catch (error) {
      if (!AttachmentNotFoundError.isInstance(error)) throw error
      tally.violation(kind, `${id}.${generation} of ${this.#id}`)
    }
  }

  async #releaseSome(): Promise<void> {
    if (this.#random.chance(0.05)) {
      this.#committed.clear()
      await this.#repeat(() => this.#session.release())
      this.#world.tally.count('releases')
      return
    }
    const held = [...this.#committed.keys()]
    if (held.length < 8 && this.#random.chance(0.5)) return
    for (const id of this.#random.some(held, 1 + this.#random.below(6))) {
      this.#committed.delete(id)
      // Either the session releases the content and leaves it to a sweep, or it deletes the content now.
      await this.#repeat(() => (this.#random.chance(0.5) ? this.#session.release([id]) : this.#session.delete(id)))
      this.#world.tally.count('releases')
    }
  }

  #repeat<T>(call: () => Promise<T>, attempts?: number): Promise<T | undefined> {
    return repeated(this.#world.tally, call, attempts)
  }
}

function release(client: pg.PoolClient): void {
  client.off('error', ignore)
  client.release()
}

function ignore(): void {}
