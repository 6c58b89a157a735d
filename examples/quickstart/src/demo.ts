import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AttachmentRef,
  AttachmentStoreError,
  reclaimOrphanedAttachments,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { messageOf } from './command.ts'
import { crashBeforeCommit } from './crash.ts'
import type { InputFile } from './files.ts'
import { commitTurn, type Host, loadLog, openHost } from './host.ts'
import {
  type Crash,
  type DemoReport,
  type DemoSteps,
  type FilePut,
  findProblems,
  type OtherSessionRead,
  type SecondPut,
  type SweepResult,
  type TurnCommit,
  type Verification,
} from './report.ts'
import type { TextView } from './text-view.ts'

/**
 * The life of some attachments, from put to commit, past a crash and a sweep, and back. The steps are those of the
 * README, in its order. There is at least one file.
 */
export async function runDemo(
  files: readonly InputFile[],
  folder: DemoSteps['folder'],
  view?: TextView,
): Promise<DemoReport> {
  const started = performance.now()
  const names = files.map(file => file.name)
  view?.started(folder, names)
  const firstLife = await inHost(folder.path, host => liveUntilCrash(host, files, folder.path, view))
  const reopened = await inHost(folder.path, host => readAfterRestart(host, firstLife.puts))
  view?.verified(reopened, firstLife.puts)
  const steps = { folder, ...firstLife, verification: [...firstLife.verification, reopened] }
  const problems = findProblems(steps)
  const report = { ok: problems.length === 0, problems, ...steps, milliseconds: performance.now() - started }
  view?.finished(report)
  return report
}

async function inHost<T>(folder: string, live: (host: Host) => Promise<T>): Promise<T> {
  const host = openHost(folder)
  try {
    return await live(host)
  } finally {
    await host.close()
  }
}

async function liveUntilCrash(
  host: Host,
  files: readonly InputFile[],
  folder: string,
  view?: TextView,
): Promise<Omit<DemoSteps, 'folder'>> {
  const session = host.session('a-conversation')

  const puts = await putFiles(session, files, view)
  const first = puts[0] as FilePut

  const largest = files.reduce((a, b) => (b.byteLength > a.byteLength ? b : a))
  const secondPut = await putAgain(session, largest, host.store.root)
  view?.putAgain(secondPut, puts)

  const commit = await commitPuts(host, session, puts)
  view?.committed(commit, puts)

  const otherSession = await readFromOtherSession(host, first)
  view?.otherSessionRead(otherSession)

  const crash = await crashBeforeCommit(host, folder, first)
  view?.crashed(crash)

  const sweep = await sweepOrphans(host, crash)
  view?.swept(sweep, crash)

  const verification = await verify(session, puts, 'in the same process')
  view?.verified(verification, puts)
  return { puts, secondPut, commit, otherSession, crash, sweep, verification: [verification] }
}

/** Puts every file, one after the other. Files are streamed: memory does not grow with them. */
async function putFiles(
  session: SessionScopedAttachmentStore,
  files: readonly InputFile[],
  view?: TextView,
): Promise<FilePut[]> {
  const puts: FilePut[] = []
  for (const file of files) {
    const { path, name } = file
    const started = performance.now()
    const body = withProgress(file, bytes => view?.progressed(name, bytes, file.byteLength))
    const ref = await session.put(body, file.meta)
    const same = puts.find(earlier => earlier.ref.id === ref.id)
    const milliseconds = performance.now() - started
    const put = { path, name, ref, milliseconds, ...(same && { sameBytesAs: same.name }) }
    puts.push(put)
    view?.put(put)
  }
  return puts
}

async function* withProgress(file: InputFile, progressed: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of createReadStream(file.path, { highWaterMark: 256 * 1024 })) {
    yield chunk
    bytes += chunk.byteLength
    progressed(bytes)
  }
}

/** Puts a file that is there already, and looks whether that changed anything on disk. */
async function putAgain(session: SessionScopedAttachmentStore, file: InputFile, root: string): Promise<SecondPut> {
  const before = await storedFiles(root)
  const started = performance.now()
  const { id } = await session.put(createReadStream(file.path), file.meta)
  const milliseconds = performance.now() - started
  const after = await storedFiles(root)
  return {
    name: file.name,
    id,
    storedFiles: after.paths.length,
    storedBytes: after.bytes,
    wroteAnything: after.state !== before.state,
    milliseconds,
  }
}

/** Commits one ref for each content, however often it was given, and measures the log that keeps them. */
async function commitPuts(
  host: Host,
  session: SessionScopedAttachmentStore,
  puts: readonly FilePut[],
): Promise<TurnCommit> {
  const started = performance.now()
  const refs = puts.filter(put => put.sameBytesAs === undefined).map(put => put.ref)
  const log = await commitTurn(host, session, refs)
  const milliseconds = performance.now() - started
  const sessionLogBytes = Buffer.byteLength(log)
  const inlineLogBytes = refs.reduce((sum, ref) => sum + base64Bytes(ref), sessionLogBytes)
  return { sessionId: session.sessionId, refs, sessionLogBytes, inlineLogBytes, milliseconds }
}

function base64Bytes({ byteLength }: AttachmentRef): number {
  return `,\n          "data": ""`.length + 4 * Math.ceil(byteLength / 3)
}

/** Another session tries to read what it does not hold; knowing the id is not enough. */
async function readFromOtherSession(host: Host, { name, ref }: FilePut): Promise<OtherSessionRead> {
  const sessionId = 'another-conversation'
  const outcome = await codeOf(host.session(sessionId).get(ref.id))
  return { sessionId, name, id: ref.id, outcome: outcome ?? 'could be read' }
}

/** The code of the error that the call ends with, or undefined when it succeeds. */
async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return error.code
    throw error
  }
}

/**
 * Sweeps, and looks into the folder for what is left. The age is zero here, since the crashed process is known to be
 * dead. A host takes an age that is longer than its slowest turn.
 */
async function sweepOrphans({ store, manifest }: Host, { orphan, shared }: Crash): Promise<SweepResult> {
  const started = performance.now()
  const { reclaimedCount, failures } = await reclaimOrphanedAttachments(manifest, store, Date.now())
  const milliseconds = performance.now() - started
  const { paths } = await storedFiles(store.root)
  return {
    reclaimedCount,
    failures: failures.map(({ id, error }) => ({ id, error: messageOf(error) })),
    orphanIsGone: !paths.some(path => path.includes(orphan.id)),
    sharedIsThere: paths.some(path => path.includes(shared.id)),
    milliseconds,
  }
}

/** Reads every file back through the session, and compares its digest with that of the file it came from. */
async function verify(
  session: SessionScopedAttachmentStore,
  puts: readonly FilePut[],
  when: Verification['when'],
): Promise<Verification> {
  const started = performance.now()
  const files: Verification['files'] = []
  for (const { name, path, ref } of puts) {
    const [expectedSha256, readSha256] = await Promise.all([
      sha256(createReadStream(path)),
      digestOfStored(session, ref.id),
    ])
    const matches = readSha256 === expectedSha256 && ref.id === expectedSha256
    files.push({ name, id: ref.id, expectedSha256, readSha256, matches })
  }
  return { when, files, milliseconds: performance.now() - started }
}

/** What a restarted host does: it opens everything again, and knows of attachments what its session log says. */
async function readAfterRestart(host: Host, puts: readonly FilePut[]): Promise<Verification> {
  const log = await loadLog(host)
  const refs = new Map(log.turns.flatMap(turn => turn.attachments).map(ref => [ref.id, ref]))
  const logged = puts.flatMap(put => {
    const ref = refs.get(put.ref.id)
    return ref === undefined ? [] : [{ ...put, ref }]
  })
  return verify(host.session(log.sessionId), logged, 'after reopening')
}

/** The digest or, when it cannot be read, why not. */
async function digestOfStored(session: SessionScopedAttachmentStore, id: string): Promise<string> {
  let digest = ''
  const read = async () => {
    digest = await sha256((await session.stream(id)).body)
  }
  const code = await codeOf(read())
  return code === undefined ? digest : `unreadable: ${code}`
}

/** In lower-case hex. It owes nothing to the library that it checks. */
async function sha256(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}

/** Looks at the files of the store behind its back: what it says of itself proves little. */
async function storedFiles(root: string): Promise<{ paths: string[]; bytes: number; state: string }> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const found = await Promise.all(paths.map(path => stat(path, { bigint: true })))
  // It changes when any file is added, replaced, written or deleted.
  const state = found.map(({ size, mtimeNs, ino }, index) => `${paths[index]} ${size} ${mtimeNs} ${ino}`).sort()
  return { paths, bytes: found.reduce((sum, { size }) => sum + Number(size), 0), state: state.join('\n') }
}
