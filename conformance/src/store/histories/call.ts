import assert from 'node:assert/strict'
import type { AttachmentCreateMeta, AttachmentMeta, AttachmentStore } from '@lash/attachments-core'
import { sameBytes, unlessNotFound } from '../../run/expect.ts'
import { collect, independentId, readAll, sampleBytes, turn, webStream } from '../../run/samples.ts'
import { AbortableCall } from '../calls/abortable-call.ts'
import { type CopyName, type Outcome, type World, withCopy, withoutCopies } from './world.ts'

/** One call of a history, as data, so that a history can be shrunk and run again. */
export interface Call {
  /** The call as a line of code, on a store of that name. */
  code(on: string): string
  /** Makes the call and gives its answer. Fails when the answer is wrong whatever was called before. */
  make(store: AttachmentStore): Promise<string>
  /** Everything that the contract lets it answer and do in this world. */
  outcomes(world: World): Outcome[]
}

/** How the store under test is to be looked at. */
export interface Traits {
  /** Whether calls take a generation. */
  readonly generations: boolean
  /** Whether the metadata of the first put stays. Otherwise metadata is not looked at. */
  readonly metadata: boolean
}

/** Few contents, so that calls meet: one without bytes, one of a row, one of several chunks. */
export const contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  empty: new Uint8Array(0),
  small: sampleBytes(900),
  large: sampleBytes(200_000),
}

export type ContentName = keyof typeof contents & string

export const metas: readonly AttachmentCreateMeta[] = [
  { mediaType: 'text/plain' },
  { mediaType: 'image/png', width: 0, label: 'x' },
  { mediaType: 'text/plain', height: 7, label: '' },
]

export interface PutOf {
  readonly content: ContentName
  readonly generation: number | undefined
  readonly meta: AttachmentCreateMeta
  readonly streamed: boolean
}

export function put({ content, generation, meta, streamed }: PutOf): Call {
  const bytes = bytesOf(content)
  const name = nameOf(content, generation ?? 0)
  return {
    code: on =>
      `await ${on}.put(${streamed ? `streamOf(${content})` : content}, ${text(meta)}${generationText(generation)})`,
    async make(store) {
      const ref = await store.put(streamed ? webStream(bytes) : bytes, meta, given(generation))
      const { generation: chosen, ...rest } = ref
      assert.deepEqual(rest, { id: independentId(bytes), byteLength: bytes.byteLength, ...meta }, 'the ref')
      if (generation !== undefined) assert.equal(chosen ?? 0, generation, 'the generation of the ref')
      return 'stored'
    },
    outcomes: world => [{ answer: 'stored', world: withCopy(world, name, text(meta)) }],
  }
}

/** A put that is aborted so many turns of the event loop after it has begun. */
export function abortedPut({ turns, ...of }: PutOf & { readonly turns: number }): Call {
  const whole = put(of)
  const { content, generation, meta, streamed } = of
  const late = [nameOf(content, generation ?? 0), text(meta)] as const
  return {
    code: on => `${whole.code(on)} // aborted after ${turns} turns`,
    async make(store) {
      const body = streamed ? webStream(bytesOf(content)) : bytesOf(content)
      const call = new AbortableCall('the put', options => store.put(body, meta, { ...options, ...given(generation) }))
      await turn(turns)
      return (await call.mayAbort()) ? 'stored' : 'aborted'
    },
    outcomes: world => [
      ...whole.outcomes(world),
      { answer: 'aborted', world: withCopy(world, ...late) },
      { answer: 'aborted', world: world.copies.has(late[0]) ? world : { ...world, late: [...world.late, late] } },
    ],
  }
}

export interface CopyOf {
  readonly content: ContentName
  readonly generation: number | undefined
}

export function deleteCopy({ content, generation }: CopyOf): Call {
  const isDeleted = (name: CopyName) =>
    generation === undefined ? name.startsWith(`${content}@`) : name === nameOf(content, generation)
  return {
    code: on => `await ${on}.delete(${content}.id${generationText(generation)})`,
    async make(store) {
      assert.equal(await store.delete(independentId(bytesOf(content)), given(generation)), undefined)
      return 'deleted'
    },
    outcomes: world => [{ answer: 'deleted', world: withoutCopies(world, isDeleted) }],
  }
}

export interface ReadOf extends CopyOf {
  readonly how: 'get' | 'stat' | 'stream'
  /** Of a stream. */
  readonly range: { readonly start: number; readonly end: number } | undefined
}

export function read({ content, generation, how, range }: ReadOf, traits: Traits): Call {
  const bytes = bytesOf(content)
  const id = independentId(bytes)
  const shown = (meta: AttachmentMeta) => {
    const { id: ofId, byteLength, ...created } = meta
    assert.deepEqual([ofId, byteLength], [id, bytes.byteLength], 'id and byteLength of the metadata')
    return traits.metadata ? text(created) : 'found'
  }
  const answers: Record<ReadOf['how'], (store: AttachmentStore) => Promise<string>> = {
    async stat(store) {
      const meta = await store.stat(id, given(generation))
      return meta === undefined ? 'nothing' : shown(meta)
    },
    async get(store) {
      const stored = await store.get(id, given(generation))
      sameBytes(stored.bytes, bytes, 'the bytes')
      return shown(stored.meta)
    },
    async stream(store) {
      const { meta, body } = await store.stream(id, { ...range, ...given(generation) })
      sameBytes(await readAll(body), range === undefined ? bytes : bytes.slice(range.start, range.end), 'the bytes')
      return shown(meta)
    },
  }
  const options = { ...(how === 'stream' ? range : {}), ...given(generation) }
  const optionsText = Object.keys(options).length === 0 ? '' : `, ${text(options)}`
  return {
    code: on => `await ${on}.${how}(${content}.id${optionsText})`,
    make: async store => (await unlessNotFound(answers[how](store))) ?? 'nothing',
    outcomes(world) {
      const copy = world.copies.get(nameOf(content, generation ?? 0))
      const others = [...world.copies].filter(([name]) => name.startsWith(`${content}@`)).map(([, meta]) => meta)
      const found = copy === undefined && generation === undefined ? others : copy === undefined ? [] : [copy]
      if (found.length === 0) return [{ answer: 'nothing', world }]
      return found.map(meta => ({ answer: traits.metadata ? meta : 'found', world }))
    },
  }
}

/** A listing of everything, or of one content. */
export function list(content: ContentName | undefined, traits: Traits): Call {
  const names = new Map(Object.entries(contents).map(([name, bytes]) => [independentId(bytes), name]))
  const shown = (name: CopyName) => (traits.generations ? name : name.replace(/@.*/, ''))
  return {
    code: on => `await all(${on}.list(${content === undefined ? '' : `{ prefix: ${content}.id }`}))`,
    async make(store) {
      const prefix = content === undefined ? {} : { prefix: independentId(bytesOf(content)) }
      const listed = await collect(store.list(prefix))
      const found = listed.map(({ id, generation, byteLength }) => {
        const name = names.get(id) ?? id
        assert.equal(byteLength, contents[name]?.byteLength, `the listed length of ${name}`)
        return shown(nameOf(name, generation))
      })
      return found.sort().join(' ')
    },
    outcomes(world) {
      const all = [...world.copies.keys()].filter(name => content === undefined || name.startsWith(`${content}@`))
      return [{ answer: all.map(shown).sort().join(' '), world }]
    },
  }
}

function bytesOf(content: ContentName): Uint8Array<ArrayBuffer> {
  return contents[content] ?? assert.fail(`no content ${content}`)
}

function nameOf(content: string, generation: number): CopyName {
  return `${content}@${generation}`
}

function given(generation: number | undefined): { generation?: number } {
  return generation === undefined ? {} : { generation }
}

function generationText(generation: number | undefined): string {
  return generation === undefined ? '' : `, { generation: ${generation} }`
}

/** As code, with the fields in one order. */
function text(fields: object): string {
  const sorted = Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{ ${sorted.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')} }`
}
