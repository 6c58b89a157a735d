import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of one harness, made when it is first needed. Each fixture gets a path of its own in it. */
export class TemporaryFolder {
  readonly #prefix: string
  #made: Promise<string> | undefined
  #count = 0

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** A path that does not exist yet. */
  async next(): Promise<string> {
    this.#made ??= mkdtemp(join(tmpdir(), `${this.#prefix}-`))
    this.#count++
    return join(await this.#made, String(this.#count))
  }

  async remove(): Promise<void> {
    if (this.#made !== undefined) await rm(await this.#made, { recursive: true, force: true })
  }
}
