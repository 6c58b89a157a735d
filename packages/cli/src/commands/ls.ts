import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { Command } from 'commander'
import { prefixOption } from '../arguments.ts'
import { collectOften } from '../collect-often.ts'
import { action, examples, sessionOptions } from '../command.ts'
import type { SessionOptions } from '../context.ts'
import type { Column } from '../output/columns.ts'
import { count, date, isoTime, size } from '../output/for-people.ts'
import { type RefState, refState } from './ref-state.ts'

interface LsOptions extends SessionOptions {
  prefix: string
}

interface Row {
  id: string
  generation: number
  byteLength?: number | undefined
}

interface BlobRow extends Row {
  lastModifiedMs?: number | undefined
}

interface RefRow extends Row {
  state: RefState
  holder: string
  mediaType?: string | undefined
  label?: string | undefined
}

const id: Column<Row> = { title: 'id', width: 64, of: row => row.id }
const byteLength: Column<Row> = {
  title: 'size',
  width: 8,
  align: 'right',
  of: row => row.byteLength,
  forPeople: row => size(row.byteLength),
}
const generation: Column<Row> = { title: 'gen', width: 3, align: 'right', of: row => row.generation }

const blobColumns: readonly Column<BlobRow>[] = [
  id,
  byteLength,
  generation,
  { title: 'modified', width: 19, of: row => isoTime(row.lastModifiedMs), forPeople: row => date(row.lastModifiedMs) },
]
const refColumns: readonly Column<RefRow>[] = [
  id,
  byteLength,
  generation,
  { title: 'state', width: 11, of: row => row.state },
  { title: 'media type', width: 24, of: row => row.mediaType },
  { title: 'holder', width: 16, of: row => row.holder },
  { title: 'label', width: 24, of: row => row.label },
]

export function lsCommand(): Command {
  const command = new Command('ls')
    .summary('list what a store or a session has')
    .description(
      'Lists every copy in the store. With --session: every ref of the session, also released ones, with its holder.',
    )
    .addOption(prefixOption())
  sessionOptions(command).action(
    action(async (context, { session, holder, prefix }: LsOptions) => {
      const { output, signal } = context
      const total = { count: 0, byteLength: 0 }
      const counted = (row: Row) => {
        total.count++
        total.byteLength += row.byteLength ?? 0
      }
      const view = await context.session()
      if (view !== undefined && session !== undefined) {
        const table = output.table(refColumns)
        for await (const entry of view.manifest.listRefs(session, { holder })) {
          signal.throwIfAborted()
          if (!entry.attachmentId.startsWith(prefix)) continue
          const row = rowOf(entry)
          counted(row)
          await table.row(row)
        }
      } else {
        collectOften()
        const table = output.table(blobColumns)
        const store = await context.store()
        for await (const blob of store.list({ prefix, signal })) {
          counted(blob)
          await table.row(blob)
        }
      }
      output.remark(`${count(total.count, view === undefined ? 'copy' : 'ref')}, ${size(total.byteLength)}`)
    }),
  )
  return examples(
    command,
    ['Everything in a store', 'ls --store file:/srv/attachments'],
    ['What a chat refers to', 'ls --store s3://bucket/prefix --manifest postgres://db/app --session chat-42'],
    ['Ids alone', 'ls | cut -f 1'],
  )
}

function rowOf(entry: AttachmentManifestEntry): RefRow {
  const { attachmentId, generation, byteLength, holder, meta } = entry
  const state = refState(entry)
  return { id: attachmentId, generation, byteLength, state, holder, mediaType: meta?.mediaType, label: meta?.label }
}
