import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { manifestOf, publishedFolders, tarballOf } from './packages.ts'
import { root, runCommand } from './step.ts'

/**
 * A folder outside the workspace in which the tarballs are installed. Tests, guides and examples lie beside them as in
 * the repository, with the package of helpers that tests share, and without any source of a published package: there,
 * `@lash/attachments-fs` is what a user gets.
 */
export class Installation implements AsyncDisposable {
  readonly folder: string
  readonly #names: string[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  /** @throws Error when the packages cannot be installed. */
  static async make(): Promise<Installation> {
    const installation = new Installation(await mkdtemp(join(tmpdir(), 'lash-attachments-installed-')))
    try {
      await installation.#copyTests()
      await installation.#install()
      return installation
    } catch (error) {
      await installation[Symbol.asyncDispose]()
      throw error
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }

  /** Of the packages as they are installed. */
  packageFolders(): string[] {
    return this.#names.map(name => join(this.folder, 'node_modules', name))
  }

  async #copyTests(): Promise<void> {
    for (const name of ['README.md', 'vitest.config.ts', 'docs', 'packages', 'conformance', 'testing', 'examples']) {
      await cp(join(root, name), join(this.folder, name), { recursive: true, filter: isCopied })
    }
  }

  /** With pnpm, which lets a package import nothing but what it depends on. */
  async #install(): Promise<void> {
    const tarballs: Record<string, string> = {}
    for (const folder of publishedFolders) {
      const { name } = await manifestOf(folder)
      this.#names.push(name)
      tarballs[name] = `file:${await tarballOf(folder)}`
    }
    const dependencies = {
      ...(await toolVersions()),
      ...tarballs,
      [(await manifestOf('testing')).name]: 'link:testing',
    }
    const manifest = { name: 'installation', private: true, type: 'module', dependencies }
    const overrides = Object.entries(tarballs).map(([name, tarball]) => `  '${name}': '${tarball}'\n`)
    const settings = await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8')
    const allowed = /^allowBuilds:\n(?: .*\n)*/m.exec(settings)?.[0] ?? ''
    await writeFile(join(this.folder, 'tsconfig.json'), JSON.stringify(tsconfig, undefined, 2))
    await writeFile(join(this.folder, 'tsconfig.loose.json'), JSON.stringify(looseTsconfig, undefined, 2))
    await writeFile(join(this.folder, 'package.json'), JSON.stringify(manifest, undefined, 2))
    await writeFile(join(this.folder, 'pnpm-workspace.yaml'), `${allowed}overrides:\n${overrides.join('')}`)
    const install = ['install', '--prefer-offline', '--no-frozen-lockfile', '--reporter=append-only']
    const exitCode = await runCommand('pnpm', install, { cwd: this.folder, quiet: true })
    if (exitCode !== 0) throw new Error(`the tarballs could not be installed in ${this.folder}`)
  }
}

/**
 * What uses libraries whose declarations do not compile under the strictest options: `ai`, hono, miniflare, playwright.
 */
const withLooseLibraries = [
  'examples/chat',
  'examples/test/browser-uploads.test.ts',
  'packages/ai-sdk',
  'packages/http/test/readme.test.ts',
  'packages/http/test/runtimes',
  'packages/http/test/sockets.test.ts',
]

const compilerOptions = {
  target: 'esnext',
  lib: ['es2024', 'esnext.array', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
}

/** Of the tests and examples. Declarations are checked as well: ours are what users compile against. */
const tsconfig = { compilerOptions, exclude: ['**/node_modules', ...withLooseLibraries] }

/** Of the rest. The page of the chat runs in a browser, and has nothing of ours. */
const looseTsconfig = {
  compilerOptions: { ...compilerOptions, skipLibCheck: true },
  include: withLooseLibraries,
  exclude: ['**/node_modules', 'examples/chat/src/page'],
}

/**
 * All but sources and templates, tests that read sources, what was installed or built, and manifests, which would make
 * a copied folder a package. The helpers of tests are a package there too.
 */
function isCopied(path: string): boolean {
  const parts = relative(root, path).split(sep)
  if (parts.some(part => ['node_modules', 'dist', '.turbo'].includes(part)) || path.includes('.source.')) return false
  if (parts[0] === 'testing') return true
  if (parts.includes('package.json') || parts.includes('tsconfig.json') || parts.includes('template')) return false
  return !(parts.includes('src') && parts[0] !== 'examples')
}

/** What the tests and examples import beside our packages, as it is installed in the workspace. */
async function toolVersions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = { '@types/node': (await manifestOf('node_modules/@types/node')).version }
  for (const folder of [...publishedFolders, 'testing', 'examples']) {
    const { dependencies, devDependencies } = await manifestOf(folder)
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (name.startsWith('@lash/')) continue
      versions[name] = (await manifestOf(join(folder, 'node_modules', name))).version
    }
  }
  return versions
}
