import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newFolder } from './folder.ts'
import { linesOf } from './processes.ts'

/** A small disk that can really be full. It is mounted in a namespace of one process, and disappears with it. */
export class SmallDisk {
  /** Why it cannot be mounted here, or undefined. */
  readonly obstacle: string | undefined
  readonly #mount: string

  /** @param mount what a shell does to mount it at `disk`. */
  constructor(mount: string) {
    this.#mount = mount
    this.obstacle = process.platform === 'linux' ? this.#tryIt() : 'this is not Linux'
  }

  /** Runs a script of Node with the path of the disk as its first argument, and gives what it says, line by line. */
  async run(script: URL, args: readonly string[]): Promise<unknown[]> {
    const cwd = newFolder()
    mkdirSync(join(cwd, 'disk'))
    const lines = await linesOf(script, ['disk', ...args], { cwd, under: this.#withDisk('exec "$0" "$@"') })
    return lines.map(line => JSON.parse(line))
  }

  #tryIt(): string | undefined {
    const cwd = mkdtempSync(join(tmpdir(), 'attachments-mount-'))
    try {
      mkdirSync(join(cwd, 'disk'))
      const [program = '', ...args] = this.#withDisk('true')
      const { status, stderr } = spawnSync(program, args, { cwd })
      return status === 0 ? undefined : `this process may not mount: ${stderr?.toString().trim()}`
    } finally {
      rmSync(cwd, { recursive: true })
    }
  }

  #withDisk(script: string): string[] {
    return ['unshare', '--mount', 'sh', '-c', `${this.#mount} && ${script}`]
  }
}
