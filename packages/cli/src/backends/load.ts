import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { resolve } from 'import-meta-resolve'
import { UsageError } from '../usage-error.ts'

/**
 * Loads a package that is installed beside this one or, since `npx` puts this one elsewhere, in the folder in which the
 * command runs. A path is relative to that folder.
 * @throws UsageError that says how to install it.
 */
export async function load<Module>(name: string, scheme: string): Promise<Module> {
  return (await import(urlOf(name, scheme))) as Module
}

/**
 * Loads a library that a package depends on, as that package would load it.
 * @throws UsageError as {@link load}.
 */
export async function loadFor<Module>(name: string, library: string, scheme: string): Promise<Module> {
  return (await import(resolve(library, urlOf(name, scheme)))) as Module
}

function urlOf(name: string, scheme: string): string {
  const here = pathToFileURL(join(process.cwd(), 'package.json')).href
  const parents = /^[./]/.test(name) ? [here] : [import.meta.url, here]
  for (const parent of parents) {
    const url = resolved(name, parent)
    if (url !== undefined) return url
  }
  throw new UsageError(`${scheme} needs a package that is not installed here: npm install ${name}`)
}

function resolved(name: string, parent: string): string | undefined {
  try {
    return resolve(name, parent)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
