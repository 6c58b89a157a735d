import { existsSync } from 'node:fs'
import { resolve as absolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../usage-error.ts'

/**
 * Loads a package that is installed beside this one or, since `npx` puts this one elsewhere, in the folder in which the
 * command runs. A path is relative to that folder.
 * @throws UsageError that says how to install it.
 */
export async function load<Module>(name: string, scheme: string): Promise<Module> {
  return (await import(await urlOf(name, scheme))) as Module
}

/**
 * Loads a library that a package depends on, as that package would load it.
 * @throws UsageError as {@link load}.
 */
export async function loadFor<Module>(name: string, library: string, scheme: string): Promise<Module> {
  const { resolve } = await import('import-meta-resolve')
  return (await import(resolve(library, await urlOf(name, scheme)))) as Module
}

async function urlOf(name: string, scheme: string): Promise<string> {
  if (/^[./]/.test(name)) {
    if (!existsSync(name)) throw new UsageError(`there is no module at ${name}`)
    return pathToFileURL(absolute(name)).href
  }
  const url = found(() => import.meta.resolve(name)) ?? (await fromHere(name))
  if (url !== undefined) return url
  throw new UsageError(`${scheme} needs a package that is not installed here: npm install ${name}`)
}

/** What a module in the folder would import by that name. */
async function fromHere(name: string): Promise<string | undefined> {
  const { resolve } = await import('import-meta-resolve')
  const here = pathToFileURL(join(process.cwd(), 'package.json')).href
  return found(() => resolve(name, here))
}

function found(resolve: () => string): string | undefined {
  try {
    return resolve()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
