import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteAttachmentStore } from '@lash/attachments-sqlite'

/*
 * Compiles what the writer thread of SQLite loads, with `NODE_COMPILE_CACHE` set. Tests start such threads by the
 * hundred, from sources whose types Node strips by WebAssembly, and Node 24 now and then dies of that ("Check failed:
 * jit_page.has_value()"). A source that is in the cache needs no stripping.
 */

const folder = await mkdtemp(join(tmpdir(), 'lash-compile-'))
try {
  await using store = new SqliteAttachmentStore({ path: join(folder, 'blobs.db') })
  await store.put(new Uint8Array(8 * 1024 * 1024), { mediaType: 'application/octet-stream' })
} finally {
  await rm(folder, { recursive: true, force: true })
}
