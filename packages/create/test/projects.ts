import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The root of the repository, or of an installation of the tarballs. */
export const root: string = join(import.meta.dirname, '..', '..', '..')

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A folder from which the packages are found, without an installation of its own. Gone when the test is over. */
export async function folderOfProjects(): Promise<string> {
  const folder = await mkdtemp(join(import.meta.dirname, '.projects-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs the command as `npm create` does. */
export function create(cwd: string, ...args: string[]): Promise<Ran> {
  return run(cwd, join(root, 'node_modules', '.bin', 'create-attachments-backend'), args)
}

export function run(cwd: string, program: string, args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', FORCE_COLOR: undefined }
  return new Promise(resolve => {
    execFile(program, args, { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })
}
