import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { transform } from 'esbuild'
import type { Outcome } from './step.ts'

/** The oldest runtime that the packages promise to run on. */
const oldest = 'node22.19'

/**
 * Checks that the built files of an installed package say what its sources say, types aside, and say it in words that
 * the oldest Node understands. Another compiler than the one that built them strips the sources, so that one compiler's
 * mistake is a difference. Both must leave the code as it is written: whatever only newer runtimes understand would be
 * rewritten, and is a failure.
 */
export async function checkBuiltCode(packageFolder: string): Promise<Outcome> {
  const built = await namesBelow(join(packageFolder, 'dist'), '.js')
  const sources = await namesBelow(join(packageFolder, 'src'), '.ts')
  const problems: string[] = []
  for (const name of built.filter(name => !sources.includes(name))) {
    problems.push(`dist/${name}.js has no source: delete the folder dist and build again`)
  }
  for (const name of sources) {
    if (!built.includes(name)) problems.push(`src/${name}.ts was not built`)
    else problems.push(...(await differences(packageFolder, name)))
  }
  for (const problem of problems) console.error(`  ${packageFolder}: ${problem}`)
  return { passed: sources.length, failed: problems.length, skipped: 0 }
}

async function differences(packageFolder: string, name: string): Promise<string[]> {
  try {
    return await compare(packageFolder, name)
  } catch (error) {
    return [`dist/${name}.js or src/${name}.ts cannot be parsed: ${(error as Error).message.split('\n', 2).join(' ')}`]
  }
}

async function compare(packageFolder: string, name: string): Promise<string[]> {
  const source = await readFile(join(packageFolder, 'src', `${name}.ts`), 'utf8')
  const built = await readFile(join(packageFolder, 'dist', `${name}.js`), 'utf8')
  const [expected, actual, asOldest] = await Promise.all([
    bareCode(source.replaceAll(importOfSource, '$1.js'), 'ts', 'esnext'),
    bareCode(withoutImportHelper(built), 'js', 'esnext'),
    bareCode(withoutImportHelper(built), 'js', oldest),
  ])
  if (asOldest !== actual)
    return [`dist/${name}.js has syntax that ${oldest} does not know, at ${gap(actual, asOldest)}`]
  if (expected !== actual) return [`dist/${name}.js does not say what src/${name}.ts says, at ${gap(expected, actual)}`]
  return []
}

const importOfSource = /(\b(?:from|import) ?\(?'\.{1,2}\/[^'\n]*)\.ts(?=')/g

/** What TypeScript puts around the argument of an `import()` that is no literal, as it is said. */
const importHelper = `var __rewriteRelativeImportExtension = (this && this.__rewriteRelativeImportExtension) || function (path, preserveJsx) {
    if (typeof path === "string" && /^\\.\\.?\\//.test(path)) {
        return path.replace(/\\.(tsx)$|((?:\\.d)?)((?:\\.[^./]+?)?)\\.([cm]?)ts$/i, function (m, tsx, d, ext, cm) {
            return tsx ? preserveJsx ? ".jsx" : ".js" : d && (!ext || !cm) ? m : (d + ext + "." + cm.toLowerCase() + "js");
        });
    }
    return path;
};
`

function withoutImportHelper(built: string): string {
  const parts = built.split(importHelper)
  return parts.length === 1 ? built : parts.join('').replaceAll('__rewriteRelativeImportExtension(', '(')
}

/** The code without types, comments and white space. */
async function bareCode(code: string, loader: 'ts' | 'js', target: string): Promise<string> {
  const options = {
    loader,
    target,
    format: 'esm',
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'utf8',
  } as const
  // The compiler knows no runtime's table of Unicode properties and would hide such an expression from the parser.
  const supported = { 'regexp-unicode-property-escapes': true }
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } }
  return (await transform(code, { ...options, supported, tsconfigRaw })).code
}

/** Where two texts part, with a few words of each. */
function gap(expected: string, actual: string): string {
  let at = 0
  while (at < expected.length && expected[at] === actual[at]) at++
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 20), at + 40))
  return `${around(actual)} instead of ${around(expected)}`
}

async function namesBelow(folder: string, extension: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true })
  return names
    .filter(name => name.endsWith(extension) && !name.endsWith('.d.ts'))
    .map(name => name.slice(0, -extension.length))
}
