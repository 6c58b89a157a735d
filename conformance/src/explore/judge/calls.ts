import { type AttachmentId, AttachmentIntentExpiredError, type AttachmentRef } from '@lash/attachments-core'
import type { Scene } from '../world/scene.ts'

type CommittedRef = AttachmentRef | AttachmentId

/** What must hold when a commit has succeeded: its bytes are there. From now on the session must find them. */
export async function judgeCommit(scene: Scene, sessionId: string, refs: readonly CommittedRef[]): Promise<void> {
  for (const ref of refs) {
    const id = typeof ref === 'string' ? ref : ref.id
    const exact = typeof ref === 'string' ? undefined : (ref.generation ?? 0)
    const generation = exact ?? (await scene.manifest.lookup(sessionId, id))?.generation ?? 0
    scene.history.committed(sessionId, { id, generation })
    if ((await scene.store.stat(id, { generation })) !== undefined) continue
    const name = `${scene.nameOf(id)}@${generation}`
    scene.blame('dangling commit', `${sessionId} committed ${name}, which is not in the store`)
  }
}

/** What must hold when a commit has been refused: a sweep may have taken one of the refs. */
export function judgeRefusal(scene: Scene, sessionId: string, refs: readonly CommittedRef[], error: unknown): void {
  if (!AttachmentIntentExpiredError.isInstance(error)) return
  const isCommittable = (ref: CommittedRef) =>
    typeof ref !== 'string' && scene.history.isCommittable(sessionId, { id: ref.id, generation: ref.generation ?? 0 })
  if (!refs.every(isCommittable)) return
  const names = refs.map(ref => scene.describeRef(ref)).join(', ')
  scene.blame('needless refusal', `${sessionId} may not commit ${names}, though no sweep ran since it put them`)
}

/** What must hold before a copy is deleted: no live ref names it. */
export async function judgeDelete(scene: Scene, id: AttachmentId, generation: number | undefined): Promise<void> {
  for (const sessionId of scene.sessions) {
    const entry = await scene.manifest.lookup(sessionId, id)
    if (entry === undefined || entry.releasedAtEpochMs !== undefined) continue
    if (generation !== undefined && entry.generation !== generation) continue
    const name = `${scene.nameOf(id)}${generation === undefined ? '' : `@${generation}`}`
    scene.blame('generation reused', `${name} is deleted while ${sessionId} holds a live ref to it`)
  }
}
