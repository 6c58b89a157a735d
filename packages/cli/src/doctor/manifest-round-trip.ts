import { randomBytes, randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { type AttachmentManifest, contentId } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { type Finding, finding } from './finding.ts'
import { messageOf } from './message-of.ts'

/** More than a session should wait for each of the three steps of a turn. */
const slowMs = 500

/**
 * Records, commits, reads and releases a ref to bytes that nobody has, in a session of its own, and forgets it. No
 * store has a part in it.
 */
export async function tryManifest(manifest: AttachmentManifest): Promise<Finding[]> {
  const attachmentId = contentId(randomBytes(32))
  const sessionId = `lash-attachments-doctor-${randomUUID()}`
  try {
    const start = performance.now()
    const intent = { attachmentId, sessionId, canonicalUri: canonicalUri(attachmentId), byteLength: 32 }
    await manifest.recordIntent({ ...intent, intentAtEpochMs: Date.now() })
    const recorded = performance.now()
    await manifest.commitRefs(sessionId, [attachmentId])
    const committed = performance.now()
    const entry = await manifest.lookup(sessionId, attachmentId)
    const end = performance.now()
    await manifest.releaseRefs(sessionId)
    await manifest.forget(attachmentId)
    if (entry?.committedAtEpochMs === undefined) {
      const advice = 'give the manifest the primary of the database, never a replica'
      return [finding('problem', 'refs', 'a ref that was committed is not found', advice)]
    }
    const steps = [recorded - start, committed - recorded, end - committed]
    return turnFindings(steps)
  } catch (error) {
    return [
      finding('problem', 'refs', messageOf(error), 'see that this process may read, write and delete in the tables'),
    ]
  }
}

/** Asks for a ref that is not there, which also makes a schema that is not there. */
export async function lookIn(manifest: AttachmentManifest): Promise<Finding[]> {
  try {
    await manifest.lookup('lash-attachments-doctor', '0'.repeat(64))
    return [finding('ok', 'refs', 'can be looked up; none was recorded')]
  } catch (error) {
    return [finding('problem', 'refs', messageOf(error), 'see that this process may read the tables')]
  }
}

function turnFindings(steps: readonly number[]): Finding[] {
  const [intent, commit, lookup] = steps.map(step => `${step.toFixed(1)} ms`)
  const works = finding('ok', 'refs', `intent in ${intent}, commit in ${commit}, look-up in ${lookup}`)
  const slowest = Math.max(...steps)
  if (slowest <= slowMs) return [works]
  const advice = 'run the doctor again; if it stays, run hosts nearer to the database, or look at its load'
  return [works, finding('warning', 'latency', `a step of a turn took ${Math.round(slowest)} ms`, advice)]
}
