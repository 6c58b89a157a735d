import type { AttachmentId } from '@lash/attachments-core'
import type pg from 'pg'
import type { ContentRow, RefRow, Scene } from './scenes.ts'

/** What all calls have left behind. */
export interface State {
  readonly contents: readonly ContentRow[]
  readonly refs: readonly RefRow[]
  readonly blobs: readonly { readonly id: string; readonly generation: number }[]
  /** Of each stripe. */
  readonly floor: readonly number[]
}

/** The tables of the manifest in one schema. */
export class Tables {
  static readonly contents = 'attachment_generations'
  static readonly refs = 'attachment_holds'
  static readonly blobs = 'attachment_blobs'
  static readonly floor = 'attachment_floor'
  readonly #client: pg.Client
  readonly #schema: string
  readonly #names: ReadonlyMap<AttachmentId, string>
  readonly #read: string

  constructor(client: pg.Client, schema: string, names: ReadonlyMap<AttachmentId, string>) {
    this.#client = client
    this.#schema = `"${schema}"`
    this.#names = names
    const rows = (table: string, columns: string, order: string) =>
      `(SELECT coalesce(json_agg(row), '[]') FROM (
        SELECT encode(id, 'hex') AS id, ${columns} FROM "${schema}".${table} ORDER BY ${order}
      ) row)`
    const refColumns = 'session_id, holder, generation, intent_at, committed_at, released_at'
    this.#read = `SELECT
      ${rows(Tables.contents, 'generation, claim, claimed_at, settled_at', 'id')} AS contents,
      ${rows(Tables.refs, refColumns, 'id, session_id, holder')} AS refs,
      ${rows(Tables.blobs, 'generation', 'id, generation')} AS blobs,
      (SELECT json_agg(DISTINCT generation) FROM "${schema}".${Tables.floor}) AS floor`
  }

  /** Makes the rows of the scene, and no others. */
  async set({ contents, refs, floor }: Scene, ids: ReadonlyMap<string, AttachmentId>): Promise<void> {
    const id = (name: string) => `'\\x${ids.get(name)}'`
    const contentRows = contents.map(
      row => `(${id(row.id)}, ${row.generation}, ${text(row.claim)}, ${row.claimed_at}, ${row.settled_at})`,
    )
    const refRows = refs.map(
      ({ session_id, holder, generation, intent_at, committed_at, released_at, ...row }) =>
        `(${id(row.id)}, '${session_id}', '${holder}', ${generation}, ${intent_at}, ${committed_at}, ${released_at})`,
    )
    const refColumns = 'id, session_id, holder, generation, intent_at, committed_at, released_at'
    await this.#client.query(
      [
        `DELETE FROM ${this.#schema}.${Tables.refs}`,
        `DELETE FROM ${this.#schema}.${Tables.contents}`,
        `DELETE FROM ${this.#schema}.${Tables.blobs}`,
        `UPDATE ${this.#schema}.${Tables.floor} SET generation = ${floor} WHERE generation <> ${floor}`,
        `INSERT INTO ${this.#schema}.${Tables.contents} (id, generation, claim, claimed_at, settled_at)
          VALUES ${contentRows}`,
        `INSERT INTO ${this.#schema}.${Tables.refs} (${refColumns}) VALUES ${refRows}`,
      ].join(';'),
    )
  }

  async read(): Promise<State> {
    const { rows } = await this.#client.query<State>(this.#read)
    const { contents, refs, blobs, floor } = rows[0] as State
    const named = <Row extends { id: string }>(all: readonly Row[]) =>
      all.map(row => ({ ...row, id: this.#names.get(row.id) ?? row.id })).filter(row => row.id !== 'z')
    return { contents: named(contents), refs: named(refs), blobs: named(blobs), floor }
  }
}

/** Locks the row of a content or, with its session, of a ref. */
export function lockOf(schema: string, id: AttachmentId, session?: string): string {
  const table = session === undefined ? Tables.contents : Tables.refs
  const ofSession = session === undefined ? '' : ` AND session_id = '${session}'`
  return `SELECT FROM "${schema}".${table} WHERE id = '\\x${id}'${ofSession} FOR UPDATE`
}

function text(value: string | null): string {
  return value === null ? 'NULL' : `'${value}'`
}
