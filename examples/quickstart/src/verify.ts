import { AttachmentStoreError, type SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { FilePut, FileVerification, Verification } from './report.ts'
import { sha256, sha256OfFile } from './sha256.ts'

/** Reads every file of the turn back through the session, and compares its digest with that of the file it came from. */
export async function verify(
  session: SessionScopedAttachmentStore,
  puts: readonly FilePut[],
  when: Verification['when'],
): Promise<Verification> {
  const started = performance.now()
  const files: FileVerification[] = []
  for (const { name, path, ref } of puts) {
    const [expectedSha256, readSha256] = await Promise.all([sha256OfFile(path), digestOfStored(session, ref.id)])
    const matches = readSha256 === expectedSha256 && ref.id === expectedSha256
    files.push({ name, id: ref.id, expectedSha256, readSha256, matches })
  }
  return { when, files, milliseconds: performance.now() - started }
}

/** The digest or, when it cannot be read, why not. */
async function digestOfStored(session: SessionScopedAttachmentStore, id: string): Promise<string> {
  try {
    const { body } = await session.stream(id)
    return await sha256(body)
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return `unreadable: ${error.code}`
    throw error
  }
}
