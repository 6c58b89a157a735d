import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for one harness, made when first needed, with a folder of its own in it for each fixture. */
export class TemporaryFolder {
  readonly #prefix: string
  #made: Promise<string> | undefined
  #count = 0

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** A path that is not there yet. */
  async next(): Promise<string> {
    this.#made ??= mkdtemp(join(tmpdir(), `${this.#prefix}-`))
    this.#count++
    return join(await this.#made, String(this.#count))
  }

  async remove(): Promise<void> {
    if (this.#made !== undefined) await rm(await this.#made, { recursive: true, force: true })
  }
}
