import { createReadStream } from 'node:fs'
import type { SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { InputFile } from './input-file.ts'
import type { FilePut, SecondPut } from './report.ts'
import { storedFiles } from './stored-files.ts'
import type { DemoView } from './view.ts'

/** Puts every file, one after the other. Files are streamed: memory does not grow with them. */
export async function putFiles(
  session: SessionScopedAttachmentStore,
  files: readonly InputFile[],
  view: DemoView,
): Promise<FilePut[]> {
  const puts: FilePut[] = []
  for (const file of files) {
    const started = performance.now()
    const body = withProgress(file, bytes => view.progressed(file.name, bytes, file.byteLength))
    const ref = await session.put(body, file.meta)
    const put: FilePut = { path: file.path, name: file.name, ref, milliseconds: performance.now() - started }
    const same = puts.find(earlier => earlier.ref.id === ref.id)
    if (same !== undefined) put.sameBytesAs = same.name
    puts.push(put)
    view.put(put)
  }
  return puts
}

/** Puts a file that is there already, and looks whether that changed anything on disk. */
export async function putAgain(
  session: SessionScopedAttachmentStore,
  file: InputFile,
  root: string,
): Promise<SecondPut> {
  const before = await storedFiles(root)
  const started = performance.now()
  const { id } = await session.put(createReadStream(file.path), file.meta)
  const milliseconds = performance.now() - started
  const after = await storedFiles(root)
  return {
    name: file.name,
    id,
    storedFiles: after.files,
    storedBytes: after.bytes,
    wroteAnything: after.state !== before.state,
    milliseconds,
  }
}

async function* withProgress(file: InputFile, progressed: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of createReadStream(file.path, { highWaterMark: 256 * 1024 })) {
    yield chunk
    bytes += chunk.byteLength
    progressed(bytes)
  }
}
