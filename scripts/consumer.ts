import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manifestOf, tarballOf } from './packages.ts'
import { outcomeOf, root, runCommand, type Step } from './step.ts'

/**
 * A program outside the workspace: installs the tarballs that the first example of the README imports, and compiles and
 * runs it as it stands there.
 */
export function consumerStep(): Step {
  return {
    title: 'A program that installs the tarballs runs the first example of the README',
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'lash-attachments-consumer-'))
      try {
        return outcomeOf(await runExample(folder))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

async function runExample(folder: string): Promise<boolean> {
  const example = /```ts\n([\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8'))?.[1]
  if (example === undefined) throw new Error('the README has no TypeScript example')
  const packages = await Promise.all(
    ['core', 'fs', 'sqlite', 'http', 'ai-sdk'].map(name => tarballOf(`packages/${name}`)),
  )
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    // The AI SDK's declarations speak of browsers, and do not check by themselves; ours do, see Installation.
    lib: ['es2024', 'dom', 'dom.iterable', 'esnext.disposable'],
    skipLibCheck: true,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['main.ts'] }))
  await writeFile(join(folder, 'main.ts'), example)
  const { version: ai } = await manifestOf('packages/ai-sdk/node_modules/ai')
  const tools = [
    `typescript@${devDependencies.typescript}`,
    `@types/node@${devDependencies['@types/node']}`,
    `ai@${ai}`,
  ]
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages, ...tools]
  return (
    (await runCommand('npm', install, { cwd: folder })) === 0 &&
    (await runCommand(join(folder, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder })) === 0 &&
    (await runCommand('node', ['main.js'], { cwd: folder })) === 0
  )
}
