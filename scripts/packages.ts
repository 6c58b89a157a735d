import { readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { outcomeOf, root, runCommand, type Step } from './step.ts'

/** Folders of the packages that are published. */
export const publishedFolders: string[] = [
  ...readdirSync(join(root, 'packages')).map(name => join('packages', name)),
  'conformance',
]

const tarballs: string = join(root, 'reports', 'tarballs')

/** Packs every package as it would be published, and checks the tarballs. */
export function packageSteps(): Step[] {
  return [
    { title: 'Pack', run: async () => outcomeOf(await packAll()) },
    {
      title: 'Package checks (publint, attw)',
      async run() {
        let failed = 0
        let passed = 0
        for (const name of (await readdir(tarballs)).sort()) {
          const tarball = join(tarballs, name)
          for (const [command, args] of [
            ['publint', ['run', '--strict', tarball]],
            ['attw', ['--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--quiet', tarball]],
          ] as const) {
            const ok = (await runCommand(command, args)) === 0
            console.log(`  ${ok ? 'ok    ' : 'FAILED'}  ${command} ${name}`)
            if (ok) passed++
            else failed++
          }
        }
        return { passed, failed, skipped: 0 }
      },
    },
  ]
}

export async function packAll(): Promise<boolean> {
  await rm(tarballs, { recursive: true, force: true })
  await mkdir(tarballs, { recursive: true })
  for (const folder of publishedFolders) {
    const args = ['pack', '--pack-destination', tarballs]
    if ((await runCommand('pnpm', args, { cwd: join(root, folder), quiet: true })) !== 0) return false
  }
  return true
}

/** The tarball of the package in a folder. */
export async function tarballOf(folder: string): Promise<string> {
  const { name, version } = await manifestOf(folder)
  return join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
}

interface PackageManifest {
  name: string
  version: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

export async function manifestOf(folder: string): Promise<PackageManifest> {
  return JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as PackageManifest
}
