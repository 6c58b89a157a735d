import { type AttachmentManifest, type AttachmentManifestEntry, contentId } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { InMemoryAttachmentManifest } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

function idOf(name: string): string {
  return contentId(new TextEncoder().encode(name))
}

function record(
  manifest: AttachmentManifest,
  name: string,
  sessionId: string,
  holder: string,
  intentAtEpochMs = 0,
): Promise<number> {
  const attachmentId = idOf(name)
  return manifest.recordIntent({
    attachmentId,
    sessionId,
    holder,
    canonicalUri: canonicalUri(attachmentId),
    byteLength: name.length,
    intentAtEpochMs,
    meta: { mediaType: 'text/plain', label: `${name} of ${holder}` },
  })
}

async function entriesOf(
  manifest: AttachmentManifest,
  sessionId: string,
  holder?: string,
): Promise<AttachmentManifestEntry[]> {
  const entries: AttachmentManifestEntry[] = []
  for await (const entry of manifest.listRefs(sessionId, { holder })) entries.push(entry)
  return entries
}

/**
 * The manifest finds a session's refs by holder, or by content, whichever has fewer. A plain list of what was done must
 * know the same, over a thousand mixed steps.
 */
test('knows the refs of each holder and of each session, over a thousand mixed steps', async () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const manifest = new InMemoryAttachmentManifest()
  /** Of `session holder name`: whether the ref is live. */
  const expected = new Map<string, boolean>()
  for (let step = 0; step < 1000; step++) {
    const [session, holder, name] = [`s${random(3)}`, `h${random(random(2) === 0 ? 2 : 40)}`, `c${random(8)}`]
    const kind = random(10)
    const matches = (key: string) => {
      const [ofSession, ofHolder, ofName] = key.split(' ')
      if (ofSession !== session) return false
      return kind === 7 ? ofHolder === holder : kind === 8 ? ofName === name : ofHolder === holder && ofName === name
    }
    if (kind < 7) {
      await record(manifest, name, session, holder, step)
      expected.set(`${session} ${holder} ${name}`, true)
    } else {
      if (kind === 7) await manifest.releaseRefs(session, undefined, { holder })
      else if (kind === 8) await manifest.releaseRefs(session, [idOf(name)])
      else await manifest.releaseRefs(session, [idOf(name)], { holder })
      for (const key of expected.keys()) if (matches(key)) expected.set(key, false)
    }
    if (random(50) === 0) {
      await manifest.forget(idOf(name))
      for (const key of expected.keys()) if (key.endsWith(` ${name}`)) expected.delete(key)
    }
    if (step % 20 === 0) {
      const known = (await entriesOf(manifest, session)).map(entry => describe(session, entry))
      expect(known.sort()).toEqual(describeAll(expected, `${session} `))
      const own = (await entriesOf(manifest, session, holder)).map(entry => describe(session, entry))
      expect(own.sort()).toEqual(describeAll(expected, `${session} ${holder} `))
      const found = await manifest.lookup(session, idOf(name))
      const live = [...expected].filter(([key, isLive]) => isLive && isOf(key, session, name))
      expect(found !== undefined && found.releasedAtEpochMs === undefined).toBe(live.length > 0)
    }
  }
})

function describe(session: string, { holder, meta, releasedAtEpochMs }: AttachmentManifestEntry): string {
  return `${session} ${holder} ${meta?.label?.split(' ')[0]} ${releasedAtEpochMs === undefined}`
}

function describeAll(expected: ReadonlyMap<string, boolean>, prefix: string): string[] {
  return [...expected].flatMap(([key, isLive]) => (key.startsWith(prefix) ? `${key} ${isLive}` : [])).sort()
}

function isOf(key: string, session: string, name: string): boolean {
  return key.startsWith(`${session} `) && key.endsWith(` ${name}`)
}
