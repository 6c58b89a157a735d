import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunnerName, runners } from './runners.ts'

export interface ProjectOptions {
  /** Of the package: a small letter, then at most 99 small letters, digits, dots, dashes and underscores. */
  readonly name: string
  /** Whether the project has a store. */
  readonly store: boolean
  /** Whether the project has a manifest. */
  readonly manifest: boolean
  readonly runner: RunnerName
}

const home = join(import.meta.dirname, '..')
const template = join(home, 'template')

/** The text of each file of a new project, by its path in the project. */
export function filesOf(project: ProjectOptions): Map<string, string> {
  const files = new Map([
    ['package.json', `${JSON.stringify(packageJson(project), undefined, 2)}\n`],
    // A file of this name in a package would be taken for its own.
    ['.gitignore', 'node_modules\ndist\n'],
  ])
  for (const path of readdirSync(template, { recursive: true, encoding: 'utf8' })) {
    if (isWanted(path, project) && /\.\w+$/.test(path)) {
      files.set(path, adapted(readFileSync(join(template, path), 'utf8'), project))
    }
  }
  return files
}

/** The path of a file, and a line in one, that names what is left out is left out, too. */
function isWanted(text: string, { store, manifest }: ProjectOptions): boolean {
  if (!(store && manifest) && text.startsWith(join('test', 'pair'))) return false
  return (store || !/store(?:[.-]|Harness)/.test(text)) && (manifest || !/manifest(?:[.-]|Harness|Driver)/.test(text))
}

function adapted(text: string, project: ProjectOptions): string {
  const { name, runner } = project
  return text
    .split('\n')
    .filter(line => isWanted(line, project))
    .join('\n')
    .replaceAll('my-backend', name)
    .replaceAll('MyBackend', classPrefix(name))
    .replaceAll('attachments-conformance/vitest', `attachments-conformance/${runners[runner].entry}`)
}

/** `MyBackend` of `my-backend`. */
function classPrefix(name: string): string {
  return name.replaceAll(/(?:^|[._-]+)([a-z0-9]?)/g, (_, first: string) => first.toUpperCase())
}

function packageJson({ name, runner }: ProjectOptions): object {
  const own: { version: string; devDependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(home, 'package.json'), 'utf8'),
  )
  const { test, run } = runners[runner]
  const tools = ['@types/node', 'typescript', ...(runner === 'vitest' ? ['vitest'] : [])]
  return {
    name,
    version: '0.0.0',
    type: 'module',
    engines: { node: '>=22.19' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist'],
    scripts: {
      test,
      next: `${run} test/next.ts`,
      typecheck: 'tsc',
      build: 'tsc -p tsconfig.build.json',
    },
    dependencies: { '@lash/attachments-core': `^${own.version}` },
    devDependencies: {
      '@lash/attachments-conformance': `^${own.version}`,
      // The versions that this package is tested with.
      ...Object.fromEntries(tools.map(tool => [tool, own.devDependencies[tool]])),
    },
  }
}
