import type { AttachmentMeta } from '@lash/attachments-core'
import type { Disk } from '../disk/disk.ts'
import type { Layout } from '../disk/layout.ts'
import type { Steps } from '../disk/pace.ts'
import type { StagedFile, Staging } from '../disk/staging.ts'
import { lookAt } from '../disk/stat.ts'
import { encodeSidecar } from './sidecar.ts'

/** Windows refuses to put another file in the place of one that is open, as the next write of the name may have to. */
export const mayBeReplacedOpen: boolean = process.platform !== 'win32'

/**
 * The sidecar of a write that has staged its bytes and fenced off removals. Where its name is free and no bytes have
 * theirs, it is made directly under its name, and written and synced there: that saves a rename, and on a file system
 * with a journal the sync of its name costs nothing more. Otherwise it is staged.
 *
 * So others may see a sidecar that is not whole, or not synced, but never beside bytes, and without bytes it is no
 * blob:
 *
 * - Bytes are named only by a write that has made its sidecar whole (and durable) under this name. Since then, another
 *   write may have put a whole one in its place. A removal that has taken it has also fenced off the write: it began
 *   after the write had fenced off those before it, so it has found the staged bytes and deleted them.
 * - Where bytes stand alone, as by somebody's hand, the sidecar gets its name when it is whole.
 * - A removal may take the sidecar half written. It has deleted the staged bytes before that: the write starts again.
 * - A process that is killed leaves a sidecar without bytes, as any killed write may. The next put replaces it.
 *
 * A reader that found bytes just before they were removed may find a sidecar that is not whole: it looks again (see
 * read.ts).
 */
export class NewSidecar {
  readonly file: StagedFile
  readonly #path: string
  #isNamed: boolean

  private constructor(path: string, file: StagedFile, isNamed: boolean) {
    this.#path = path
    this.file = file
    this.#isNamed = isNamed
  }

  /**
   * An empty one. Whatever others do between the look and the creation, a name that they have taken is not taken again,
   * and bytes that they name meanwhile have a sidecar of their own, whose name is taken.
   */
  static *make(disk: Disk, layout: Layout, staging: Staging, name: string): Steps<NewSidecar> {
    const path = layout.sidecarPath(name)
    const isFree = mayBeReplacedOpen && (yield* lookAt(disk, layout.bytesPath(name))) === undefined
    const named = isFree ? yield* staging.createUnder(path) : undefined
    return new NewSidecar(path, named ?? (yield* staging.create(`${name}.json`)), named !== undefined)
  }

  get isNamed(): boolean {
    return this.#isNamed
  }

  write(meta: AttachmentMeta): Steps<void> {
    return this.file.write(Buffer.from(encodeSidecar(meta)))
  }

  /** Gives it its name, if it has another. */
  *publish(): Steps<void> {
    if (this.#isNamed) return
    yield* this.file.publish(this.#path)
    this.#isNamed = true
  }

  /**
   * After a failure. Under its name it may be another write's by now, which counts on it: it stays for a removal to
   * take. Never fails.
   */
  *discard(): Steps<void> {
    if (this.#isNamed) yield* this.file.abandon()
    else yield* this.file.discard()
  }
}
