import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The versions of packages as a module finds them, for `versions` of a harness:
 * `packageVersions(import.meta.url, 'pg')`.
 * A package that is not found is left out.
 */
export function packageVersions(from: string, ...names: readonly string[]): Record<string, string> {
  const found = names.map(name => [name, versionOf(name, dirname(fileURLToPath(from)))])
  return Object.fromEntries(found.filter(([, version]) => version !== undefined))
}

/** Of the runtime, its system, the kit and core. */
export const versionsHere: Readonly<Record<string, string>> = {
  ...runtimeVersion(),
  system: `${process.platform} ${process.arch}`,
  '@lash/attachments-conformance': versionIn(fileURLToPath(new URL('../..', import.meta.url))) ?? 'unknown',
  ...packageVersions(import.meta.url, '@lash/attachments-core'),
}

function runtimeVersion(): Record<string, string> {
  const { Bun, Deno } = globalThis as { Bun?: { version: string }; Deno?: { version: { deno: string } } }
  if (Bun !== undefined) return { Bun: Bun.version }
  return Deno === undefined ? { Node: process.versions.node } : { Deno: Deno.version.deno }
}

function versionOf(name: string, folder: string): string | undefined {
  const version = versionIn(join(folder, 'node_modules', name))
  const above = dirname(folder)
  return version !== undefined || above === folder ? version : versionOf(name, above)
}

function versionIn(folder: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: string }).version
  } catch {
    return undefined
  }
}
