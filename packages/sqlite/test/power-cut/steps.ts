import { contentId, reclaimOrphanedAttachments, type SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { SqliteAttachments } from '@lash/attachments-sqlite'
import { type ContentName, contents, meta, sessionId } from './contents.ts'
import { writeUnsynced } from './write-unsynced.ts'

/** What is found of a content's bytes: all of them, or nothing. */
export type Bytes = 'whole' | 'absent'
/** What is found of a session's ref to a content. */
export type Ref = 'none' | 'intent' | 'committed' | 'released'
/** What is found, or has to be. */
export type Facts = Readonly<Record<`bytes ${ContentName}`, Bytes> & Record<`ref ${ContentName}`, Ref>>

/** A step of a recorded process, which waits for it. */
export interface Step {
  readonly name: string
  /** The facts that it changes, as they are once it is done. */
  readonly effects: Partial<Facts>
  /** Whether a power cut in its middle leaves all of its effects or none. */
  readonly atomic: boolean
  run(attachments: SqliteAttachments, session: SessionScopedAttachmentStore, path: string): Promise<unknown>
}

function put(name: ContentName): Step {
  return {
    name: `put ${name}`,
    effects: { [`bytes ${name}`]: 'whole' },
    atomic: true,
    run: ({ store }) => store.put(contents[name], meta),
  }
}

/** Intent and bytes in one transaction. */
function putInSession(name: ContentName): Step {
  return {
    name: `put ${name} in the session`,
    effects: { [`bytes ${name}`]: 'whole', [`ref ${name}`]: 'intent' },
    atomic: true,
    run: (_attachments, session) => session.put(contents[name], meta),
  }
}

const commit: Step = {
  name: 'commit',
  effects: { 'ref note': 'committed', 'ref other': 'committed' },
  atomic: true,
  run: (_attachments, session) => session.commit(),
}

/** In WAL mode, the host's handle syncs nothing: better-sqlite3 opens it that way. */
const commitAfterHost: Step = {
  ...commit,
  name: 'commit what the host has committed',
  run: ({ manifest }, session) => {
    manifest.commitRefsSync(sessionId, session.pendingRefs())
    return session.commit()
  },
}

const putAfterAnother: Step = {
  ...put('middle'),
  name: 'put middle, which another has put and not synced',
  run: async ({ store }, _session, path) => {
    writeUnsynced(path, 'middle')
    await store.put(contents.middle, meta)
  },
}

const putTogether: Step = {
  name: 'put one and two at once',
  effects: { 'bytes one': 'whole', 'bytes two': 'whole' },
  atomic: false,
  run: ({ store }) => Promise.all([store.put(contents.one, meta), store.put(contents.two, meta)]),
}

function remove(name: ContentName): Step {
  return {
    name: `delete ${name}`,
    effects: { [`bytes ${name}`]: 'absent' },
    atomic: true,
    run: ({ store }) => store.delete(contentId(contents[name])),
  }
}

const release: Step = {
  name: 'release other',
  effects: { 'ref other': 'released' },
  atomic: true,
  run: (_attachments, session) => session.release([contentId(contents.other)]),
}

/** Claims, deletes and settles, without a grace period. */
const sweep: Step = {
  name: 'sweep',
  effects: { 'bytes other': 'absent', 'ref other': 'none' },
  atomic: false,
  run: ({ store, manifest }) => reclaimOrphanedAttachments(manifest, store, Date.now()),
}

const beginning: readonly Step[] = [put('small'), putInSession('note'), putInSession('other'), commit]
const end: readonly Step[] = [remove('small'), put('again'), release, sweep]

/** The steps of each recorded process; see writer.ts. */
export const scenarios = {
  /** Everything from the first opening of a file to its last closing. */
  life: [...beginning, put('middle'), putTogether, ...end, put('big')],
  /** The same in a host's database, in SQLite's default journal mode. */
  'as guests': [...beginning, put('middle'), putTogether, ...end],
  /** In a file that is not there, or was left by another process. */
  'first put': [put('small')],
  'after another guest': [put('small'), putAfterAnother],
  'guests in WAL mode': [putInSession('note'), putInSession('other'), commitAfterHost],
} as const satisfies Record<string, readonly Step[]>

export type Scenario = keyof typeof scenarios
