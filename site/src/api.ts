import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { Application, type ProjectReflection } from 'typedoc'
import { root } from './pages.ts'

/** An entry of a published package, and the source that it is. */
interface Entry {
  name: string
  file: string
}

/** Only whoever writes a backend extends a class, and what can be extended comes from there. */
const forAuthors = '@lash/attachments-core/backend'

function entries(): Entry[] {
  const manifests = globSync(['packages/*/package.json', 'conformance/package.json'], { cwd: root })
  const all = manifests.flatMap(manifest => {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, manifest), 'utf8'))
    return Object.entries<string>(exports)
      .filter(([, file]) => file.endsWith('.ts'))
      .map(([entry, file]) => ({ name: posix.join(name, entry), file: posix.join(posix.dirname(manifest), file) }))
  })
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Writes a page for each public name, from its types and comments, to `site/api`. Throws if one links to nothing. */
export async function writeApi(): Promise<void> {
  const all = entries()
  const app = await Application.bootstrapWithPlugins({
    name: 'API',
    entryPoints: all.map(({ file }) => join(root, file)),
    basePath: root,
    tsconfig: join(root, 'tsconfig.json'),
    // The test command checks types, with the compiler that the project uses.
    skipErrorChecking: true,
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    sortEntryPoints: false,
    readme: 'none',
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
    treatWarningsAsErrors: true,
    logLevel: 'Warn',
    plugin: ['typedoc-plugin-markdown'],
    out: join(root, 'site/api'),
    ...pages,
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('typedoc could not read the types')
  nameModules(project, all)
  hideProtected(project)
  app.validate(project)
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('comments of public types have mistakes')
}

/** How typedoc-plugin-markdown writes. */
const pages = {
  outputFileStrategy: 'members',
  entryFileName: 'index',
  hidePageHeader: true,
  hideGroupHeadings: true,
  sanitizeComments: true,
  useCodeBlocks: true,
  expandParameters: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  excludeScopesInPaths: true,
  navigationJson: join(root, 'site/api/navigation.json'),
}

/** Typedoc calls a module after its file; whoever imports it knows it by the name of the entry. */
function nameModules(project: ProjectReflection, all: readonly Entry[]): void {
  for (const module of project.children ?? []) {
    const path = project.files.getReflectionPath(module)
    const entry = all.find(({ file }) => path === join(root, file))
    if (entry === undefined) throw new Error(`no entry of a package is ${path}`)
    module.name = entry.name
  }
}

function hideProtected(project: ProjectReflection): void {
  for (const module of project.children ?? []) {
    if (module.name === forAuthors) continue
    for (const type of module.children ?? []) {
      for (const member of type.children?.filter(({ flags }) => flags.isProtected) ?? [])
        project.removeReflection(member)
    }
  }
}
