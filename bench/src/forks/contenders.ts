import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import type { Contender, OpenContender, Setting } from '../contenders/contender.ts'
import { ours } from '../contenders/ours.ts'
import { connection, deleteObjects } from '../contenders/s3-connection.ts'
import type { Backend } from '../measure/cell.ts'
import { openPair, type Pair, type PairName } from '../scale/pair.ts'
import { byAdoption, byCopying, chatToFork, type Fork } from './fork.ts'

/** Where the bytes of a chat are and, after a plus, its refs. */
const pairs: Record<Backend, string> = {
  memory: 'memory',
  fs: 'fs+sqlite',
  sqlite: 'sqlite',
  postgres: 'postgres',
  s3: 's3+postgres',
}

/** A fork with `adopt`, and one by a host that reads every byte and puts it again. */
export function forkContenders(backend: Backend): readonly Contender[] {
  const common = {
    durability: backend === 'memory' ? 'none' : 'power cut',
    atomic: true,
    operations: ['fork'],
  } as const
  return [
    {
      ...common,
      name: `${pairs[backend]}: adopt, commit`,
      role: 'ours',
      open: setting => openForks(backend, setting, byAdoption, () => 0),
    },
    {
      ...common,
      name: `${pairs[backend]}: get, put, commit`,
      role: 'peer',
      open: setting => openForks(backend, setting, byCopying, ofChat => ofChat),
    },
  ]
}

async function openForks(
  backend: Backend,
  setting: Setting,
  fork: Fork,
  bytes: (ofChat: number) => number,
): Promise<OpenContender> {
  const pair =
    backend === 's3' ? await s3Pair(setting) : await openPair(pairs[backend] as PairName, setting.folder, 'fork')
  const session = new SessionScopedAttachmentStore(pair.store, pair.manifest, 'bench')
  return {
    ...ours(session),
    chat: bodies => chatToFork(pair, bodies, fork, bytes),
    close: () => pair.close(),
  }
}

/** Bytes in S3, refs in PostgreSQL. */
async function s3Pair(setting: Setting): Promise<Pair> {
  const { bucket, config, prefix } = connection(setting)
  const store = new S3AttachmentStore({ bucket, prefix, clientConfig: config })
  const { manifest, close } = await openPair('postgres+memory', setting.folder, 'fork')
  return {
    store,
    manifest,
    async close() {
      await close()
      await store.close()
      await deleteObjects(setting)
    },
  }
}
