import { join } from 'node:path'
import { reclaimOrphanedAttachments, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { s3FromEnvironment } from '@lash/attachments-testing/s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { blocks, documentAt, Shell } from '../shell.ts'
import { Chats, type Files, sessionOf } from './chats.ts'
import { newPlace, type Place } from './place.ts'

const guide = documentAt('../../docs/guides/outgrow-one-machine.md')
const server = s3FromEnvironment()
const endOfTime = Number.MAX_SAFE_INTEGER

/** The guide's own names are those of an operator's machine. */
function here(text: string, folder: string, { prefix, storeUrl, manifestUrl }: Place): string {
  return text
    .replaceAll('/srv/', `${folder}/`)
    .replace('s3://my-attachments/production?region=eu-central-1', storeUrl)
    .replace('postgres://lash@db.internal/app', manifestUrl)
    .replace("'my-attachments'", `'${server?.bucket}'`)
    .replace("'production/'", `'${prefix}'`)
    .replace("'eu-central-1'", `'${server?.region}'`)
}

function openOld(folder: string): Files {
  const store = new FileAttachmentStore(join(folder, 'attachments'), { durability: 'relaxed' })
  const manifest = new SqliteAttachmentManifest(join(folder, 'attachments.db'))
  onTestFinished(() => store.close())
  onTestFinished(() => manifest.close())
  return { store, manifest }
}

/** What a host of the guide, as it is set up there, reads of what the chats hold. */
const reads = `
import { readFileSync } from 'node:fs'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'

for (const [chat, held] of JSON.parse(readFileSync('held.json', 'utf8'))) {
  for (const id of held) await new SessionScopedAttachmentStore(store, manifest, chat).get(id)
}
await Promise.all([store.close(), manifest.close()])
`

describe.skipIf(server === undefined)('the guide', () => {
  test('moves all that is committed, while chats go on, and brings back nothing that was let go of', async () => {
    const place = await newPlace(server ?? expect.fail())
    const shell = new Shell(place.env)
    const old = openOld(shell.folder)
    const next = place.open()
    const chats = new Chats()
    const [, exports = '', doctor = ''] = blocks(guide, '1. Make the new place', 'sh')
    const prelude = here(exports, shell.folder, place)
    const run = (commands: string) => shell.run(`${prelude}\n${commands}`)
    const [copy = '', verify = ''] = blocks(guide, '2. Copy the bytes while sessions go on', 'sh')

    const [{ id }] = await chats.say(old, 'quiet', 'revised')
    chats.start(old)
    // The server of the tests runs without these two, and the doctor says so.
    const found = (await run(`{ ${doctor}} || test $? = 1`)).stdout
      .split('\n')
      .filter(line => line.includes('\tproblem\t'))
    expect(found.filter(line => !/\t(fsync|full_page_writes)\t/.test(line))).toEqual([])
    await run(copy)
    // Reclaimed after it was copied, and put again: the copy at generation 0 is one that nobody refers to.
    await chats.letGo(old, 'quiet', id)
    await expect.poll(() => old.store.stat(id)).toBeUndefined()
    const [revised] = await chats.say(old, 'quiet', 'revised')
    await run(verify)
    await chats.stop()

    // A turn that waits for its answer, and a sweeper that has stalled with a claim.
    const draft = await sessionOf(old, 'quiet').put(new TextEncoder().encode('draft'), { mediaType: 'text/plain' })
    const claimed = await sessionOf(old, 'quiet').put(new TextEncoder().encode('claimed'), { mediaType: 'text/plain' })
    const query = { ids: [claimed.id], olderThanEpochMs: endOfTime, limit: 1 }
    expect(await old.manifest.claimOrphans(query)).toHaveLength(1)

    const [rest = ''] = blocks(guide, '4. Copy the rest, and the refs', 'sh')
    expect((await run(rest)).stderr).toContain('0 to be put again, 0 refs lost\n')
    const [host = ''] = blocks(guide, '5. Switch', 'ts')
    shell.write('held.json', JSON.stringify([...chats.held].map(([chat, held]) => [chat, [...held.keys()]])))
    shell.write('host.ts', here(host, shell.folder, place) + reads)
    await shell.run(`${process.execPath} host.ts`)
    await sessionOf(next, 'quiet').commit({ refs: [draft] })
    chats.heldBy('quiet').set(draft.id, 'draft')

    chats.start(next)
    const [afterwards = ''] = blocks(guide, '6. Afterwards', 'sh')
    expect((await run(afterwards)).stderr).toContain('all whole\n')
    const [again] = await chats.say(next, 'quiet', 'claimed')
    expect(again.generation, 'what a stalled sweeper may delete is not used again').toBeGreaterThan(0)
    await chats.stop()

    await reclaimOrphanedAttachments(next.manifest, next.store, endOfTime)
    await reclaimUnreferencedAttachments(next.manifest, next.store, endOfTime, { maxDeleteRatio: 1 })
    await chats.check(next)
    const listed = await Array.fromAsync(next.store.list())
    const held = new Set([...chats.held.values()].flatMap(one => [...one.keys()]))
    expect(listed.map(({ id }) => id).sort()).toEqual([...held].sort())
    expect(revised.generation).toBeGreaterThan(0)
  })

  test('has a program that moves a host while its turns go on', async () => {
    const place = await newPlace(server ?? expect.fail())
    const shell = new Shell(place.env)
    const [, exports = ''] = blocks(guide, '1. Make the new place', 'sh')
    shell.write('program.ts', blocks(guide, 'In a program', 'ts').join('\n'))
    const { stdout, stderr } = await shell.run(`${here(exports, shell.folder, place)}\n${process.execPath} program.ts`)
    expect(stderr).toBe('')
    expect(stdout).toBe(blocks(guide, 'In a program', 'text').join('\n'))
  })
})
