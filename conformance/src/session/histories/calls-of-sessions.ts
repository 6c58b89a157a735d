import assert from 'node:assert/strict'
import {
  type AttachmentCreateMeta,
  AttachmentIntentExpiredError,
  type AttachmentRef,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type * as FastCheck from 'fast-check'
import { idFor, idsText, idText, mostly, objectText } from '../../manifest/histories/call.ts'
import { bytesOf, copyName, textOf } from '../../run/contents.ts'
import { sameBytes, unlessNotFound } from '../../run/expect.ts'
import type { Generator } from '../../run/random-values.ts'
import { collect, readAll } from '../../run/samples.ts'
import type { Call, Subject } from './call.ts'
import { refOf } from './reference-pair.ts'
import { contents, type ViewName, viewNames } from './views.ts'

/** The calls that sessions make. */
export function callsOfSessions(fc: Generator): FastCheck.WeightedArbitrary<Call>[] {
  const view = mostly(fc, viewNames)
  const content = mostly(fc, contents)
  const name = mostly(fc, [...contents, 'a!'])
  const which = fc.option(fc.array(fc.nat({ max: 4 }), { maxLength: 3 }), { nil: undefined })
  const some = fc.option(fc.array(name, { maxLength: 2 }), { nil: undefined })
  return [
    { weight: 8, arbitrary: fc.record({ view, content, label: fc.constantFrom('x', 'y') }).map(put) },
    { weight: 6, arbitrary: fc.record({ view, which }).map(commit) },
    { weight: 5, arbitrary: fc.record({ view, from: view, name }).map(adopt) },
    { weight: 3, arbitrary: fc.record({ view, some }).map(release) },
    { weight: 4, arbitrary: fc.record({ view, name }).map(deleteContent) },
    {
      weight: 4,
      arbitrary: fc.record({ view, name, how: mostly(fc, ['get', 'ref', 'stat', 'stream'] as const) }).map(read),
    },
    { weight: 1, arbitrary: view.map(list) },
    { weight: 1, arbitrary: view.map(usage) },
  ]
}

interface PutOf {
  readonly view: ViewName
  readonly content: string
  readonly label: string
}

function put({ view: name, content, label }: PutOf): Call {
  const meta = { mediaType: 'text/plain', label }
  return {
    code: on => `await ${on}.${name}.put(${content}, ${objectText(meta)})`,
    async run(subject) {
      const view = subject.pair.views[name]
      const [lowest, highest] = subject.reference.manifest.nextGenerations(idFor(content))
      const ref = await view.store.put(bytesOf(content), meta)
      const { generation = 0 } = ref
      const isRight = Number.isSafeInteger(generation) && generation >= lowest && generation <= highest
      assert.ok(isRight, `put at generation ${generation}, and only ${lowest} to ${highest} are right`)
      assert.deepEqual(ref, refOf(content, meta, generation), 'the ref')
      record(subject, name, ref)
      return copyName(ref)
    },
  }
}

interface CommitOf {
  readonly view: ViewName
  /** The places of refs among all that were given, the last first; or what is pending. */
  readonly which: readonly number[] | undefined
}

function commit({ view: name, which }: CommitOf): Call {
  const refsText = which === undefined ? '' : `{ refs: [${which.map(place => `lastRefs[${place}]`).join(', ')}] }`
  return {
    code: on => `await ${on}.${name}.commit(${refsText})`,
    async run({ pair, reference, refs }) {
      const { store, session, holder = '', pending } = pair.views[name]
      const chosen = which?.flatMap(place => refs.at(-1 - place) ?? [])
      const wanted = chosen ?? [...pending.values()]
      const targets = wanted.map(({ id, generation = 0 }) => ({ id, generation }))
      let expired: readonly string[] = []
      const committed = await store.commit(chosen === undefined ? {} : { refs: chosen }).catch((error: unknown) => {
        if (!AttachmentIntentExpiredError.isInstance(error)) throw error
        expired = error.ids
        return undefined
      })
      const refused = reference.manifest.commit(session, holder, targets)
      assert.deepEqual(expired.map(textOf).sort(), refused.map(textOf).sort(), 'the contents that are refused')
      if (committed === undefined) return 'refused'
      assert.deepEqual(sorted(committed), sorted(wanted), 'the refs that are committed')
      for (const { id, generation } of targets)
        if ((pending.get(id)?.generation ?? 0) === generation) pending.delete(id)
      return committed.map(copyName).join(', ')
    },
  }
}

interface AdoptOf {
  readonly view: ViewName
  readonly from: ViewName
  readonly name: string
}

function adopt({ view: viewName, from, name }: AdoptOf): Call {
  const id = idFor(name)
  return {
    code: on => `await ${on}.${viewName}.adopt([madeUp(${idText(name)})], ${on}.${from})`,
    async run(subject) {
      const { views } = subject.pair
      const view = views[viewName]
      const madeUp = { id, byteLength: 0, mediaType: 'made/up' }
      const adopted = await unlessNotFound(view.store.adopt([madeUp], views[from].store))
      const ref = checkFound(subject, from, name, adopted?.[0], 'the ref')
      if (ref === undefined) return 'not found'
      record(subject, viewName, ref)
      return copyName(ref)
    },
  }
}

function release({ view: name, some }: { view: ViewName; some: readonly string[] | undefined }): Call {
  const ids = some?.map(idFor)
  return {
    code: on => `await ${on}.${name}.release(${some === undefined ? '' : idsText(some)})`,
    async run({ pair, reference }) {
      const { store, session, holder, pending } = pair.views[name]
      await store.release(ids)
      reference.manifest.release(session, holder, ids, false)
      for (const id of ids ?? [...pending.keys()]) pending.delete(id)
    },
  }
}

function deleteContent({ view: viewName, name }: { view: ViewName; name: string }): Call {
  return {
    code: on => `await ${on}.${viewName}.delete(${idText(name)})`,
    async run({ pair, reference }) {
      const view = pair.views[viewName]
      await view.store.delete(idFor(name))
      if (name.endsWith('!')) return
      reference.delete(view, idFor(name))
      view.pending.delete(idFor(name))
    },
  }
}

interface ReadOf {
  readonly view: ViewName
  readonly name: string
  readonly how: 'get' | 'ref' | 'stat' | 'stream'
}

export function read({ view, name, how }: ReadOf): Call {
  return {
    code: on => `await ${on}.${view}.${how}(${idText(name)})`,
    async run(subject) {
      const found = await unlessNotFound(looks[how](subject.pair.views[view].store, name))
      if (found !== undefined && how !== 'ref') assert.ok(!('generation' in found), 'metadata has no generation')
      const ref = checkFound(subject, view, name, found, 'what is found', how === 'ref')
      return ref === undefined ? 'not found' : objectText({ label: ref.label })
    },
  }
}

const looks: Record<
  ReadOf['how'],
  (store: SessionScopedAttachmentStore, name: string) => Promise<AttachmentRef | undefined>
> = {
  async get(store, name) {
    const { meta, bytes } = await store.get(idFor(name))
    sameBytes(bytes, bytesOf(name), 'the bytes')
    return meta
  },
  async stream(store, name) {
    const { meta, body } = await store.stream(idFor(name))
    sameBytes(await readAll(body), bytesOf(name), 'the bytes')
    return meta
  },
  stat: (store, name) => store.stat(idFor(name)),
  ref: (store, name) => store.ref(idFor(name)),
}

export function list(name: ViewName): Call {
  return {
    code: on => `await all(${on}.${name}.list())`,
    async run({ pair, reference }) {
      const view = pair.views[name]
      const listed = await collect(view.store.list())
      const expected = reference.held(view).map(id => {
        const { generation } = reference.manifest.content(id)
        return { id, generation, byteLength: textOf(id).length }
      })
      assert.deepEqual(sorted(listed), expected, 'what is listed')
      return listed.map(copyName).join(', ')
    },
  }
}

export function usage(name: ViewName): Call {
  return {
    code: on => `await ${on}.${name}.usage()`,
    async run({ pair, reference }) {
      const view = pair.views[name]
      const lengths = reference.held(view).map(id => textOf(id).length)
      const expected = { count: lengths.length, byteLength: lengths.reduce((sum, length) => sum + length, 0) }
      const used = await view.store.usage()
      assert.deepEqual(used, expected, 'what is used')
      return objectText({ ...used })
    },
  }
}

/** Fails unless this is one of those that the view may find, or none if it may not find any. Returns it. */
function checkFound(
  { pair, reference }: Subject,
  view: ViewName,
  name: string,
  found: AttachmentRef | undefined,
  what: string,
  hasGeneration = true,
): AttachmentRef | undefined {
  const refs = reference.found(pair.views[view], idFor(name)).map(({ meta, generation }) => {
    return refOf(name, meta as AttachmentCreateMeta, hasGeneration ? generation : 0)
  })
  const expected = refs.find(ref => ref.label === found?.label) ?? refs[0]
  assert.deepEqual(found, expected, what)
  return expected
}

/** What a put or an adoption has given. */
function record({ pair, reference, refs }: Subject, name: ViewName, ref: AttachmentRef): void {
  const view = pair.views[name]
  reference.put(view, ref)
  view.pending.set(ref.id, ref)
  refs.push(ref)
}

export function sorted<T extends { readonly id: string }>(refs: readonly T[]): T[] {
  return refs.toSorted((one, other) => (one.id < other.id ? -1 : 1))
}
