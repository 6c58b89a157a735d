import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AttachmentStoreError } from '@lash/attachments-core'
import type { FileAttachmentStore } from '@lash/attachments-fs'
import { newFolder } from '@lash/attachments-testing'

/** A root that is not there yet, in a folder of this test's own. */
export function newRoot(): string {
  return join(newFolder(), 'root')
}

/** All names below a folder of the root. */
export function below(root: string, name: string): string[] {
  const path = join(root, name)
  return existsSync(path) ? (readdirSync(path, { recursive: true }) as string[]) : []
}

/** The mark of another process's removal of the names. */
export function makeMark(root: string, unique: string, names: readonly string[]): string {
  const mark = join(root, 'tmp', 'removing', unique)
  mkdirSync(mark, { recursive: true })
  writeFileSync(`${mark}.names`, `\n${names.join('\n')}\n`)
  return mark
}

/** `whole`, or the code of the error. */
export async function outcomeOfGet(store: FileAttachmentStore, id: string): Promise<string> {
  try {
    await store.get(id)
    return 'whole'
  } catch (error) {
    return AttachmentStoreError.isInstance(error) ? error.code : String(error)
  }
}
