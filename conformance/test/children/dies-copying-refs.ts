/**
 * Copies the refs of a SQLite file to a schema of PostgreSQL, and kills itself in the middle, when it has read so many
 * contents: `node dies-copying-refs.ts <path> <url> <schema> <count>`.
 */
import { copyManifest } from '@lash/attachments-core/maintenance'
import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

const [path = '', connectionString = '', schema = '', count] = process.argv.slice(2)
const onProgress = (progress: { count: number }) => {
  if (progress.count === Number(count)) process.kill(process.pid, 'SIGKILL')
}
const to = new PostgresAttachmentManifest({ connectionString, schema })
await copyManifest(new SqliteAttachmentManifest(path), to, { onProgress })
