import { type AttachmentId, AttachmentIntentExpiredError, type AttachmentRef } from '@lash/attachments-core'
import { type Hold, nameOfHold } from '../world/hold.ts'
import type { Scene } from '../world/scene.ts'

type CommittedRef = AttachmentRef | AttachmentId

/** What must hold when a commit has succeeded: its bytes are there. From now on the holder must find them. */
export async function judgeCommit(scene: Scene, hold: Hold, refs: readonly CommittedRef[]): Promise<void> {
  const { sessionId, holder } = hold
  for (const ref of refs) {
    const id = typeof ref === 'string' ? ref : ref.id
    const entry = await scene.manifest.lookup(sessionId, id, { holder })
    const generation = (typeof ref === 'string' ? entry?.generation : ref.generation) ?? 0
    scene.history.committed(hold, id, { generation, label: entry?.meta?.label })
    if ((await scene.store.stat(id, { generation })) !== undefined) continue
    const name = `${scene.nameOf(id)}@${generation}`
    scene.blame('dangling commit', `${nameOfHold(hold)} committed ${name}, which is not in the store`)
  }
}

/** What must hold when a commit has been refused: a sweep may have taken one of the refs. */
export function judgeRefusal(scene: Scene, hold: Hold, refs: readonly CommittedRef[], error: unknown): void {
  if (!AttachmentIntentExpiredError.isInstance(error)) return
  const isCommittable = (ref: CommittedRef) =>
    typeof ref !== 'string' && scene.history.isCommittable(hold, { id: ref.id, generation: ref.generation ?? 0 })
  if (!refs.every(isCommittable)) return
  const names = refs.map(ref => scene.describeRef(ref)).join(', ')
  scene.blame('needless refusal', `${nameOfHold(hold)} may not commit ${names}, though no sweep ran since it put them`)
}

/** What must hold before a copy is deleted: no live ref names it. */
export async function judgeDelete(scene: Scene, id: AttachmentId, generation: number | undefined): Promise<void> {
  for (const hold of scene.holds) {
    const entry = await scene.manifest.lookup(hold.sessionId, id, { holder: hold.holder })
    if (entry === undefined || entry.releasedAtEpochMs !== undefined) continue
    if (generation !== undefined && entry.generation !== generation) continue
    const name = `${scene.nameOf(id)}${generation === undefined ? '' : `@${generation}`}`
    scene.blame('generation reused', `${name} is deleted while ${nameOfHold(hold)} holds a live ref to it`)
  }
}
